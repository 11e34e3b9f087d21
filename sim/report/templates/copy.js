// A button with data-copy copies the text of the element of that id; without a clipboard it selects it.
document.querySelectorAll("button[data-copy]").forEach(function (button) {
  button.hidden = false;
  var said = button.textContent;
  button.addEventListener("click", function () {
    var from = document.getElementById(button.dataset.copy);
    function tell(text) {
      button.textContent = text;
      setTimeout(function () { button.textContent = said; }, 1500);
    }
    function select() {
      var range = document.createRange();
      range.selectNodeContents(from);
      var chosen = window.getSelection();
      chosen.removeAllRanges();
      chosen.addRange(range);
      tell("Selected");
    }
    if (!navigator.clipboard) return select();
    navigator.clipboard.writeText(from.textContent).then(function () { tell("Copied"); }, select);
  });
});
