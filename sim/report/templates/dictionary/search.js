// Search, lit joins and copying. The index is loaded when somebody searches; without scripts all pages work.
(function () {
  "use strict";
  var up = document.currentScript.dataset.up;
  var form = document.querySelector("form[role=search]");
  var input = form.querySelector("input");
  var list = document.getElementById("found");
  var MOST = 30;
  form.hidden = false;

  function load(then) {
    if (window.termtideTables) return then();
    var script = document.createElement("script");
    script.src = up + "tables.js";
    script.onload = then;
    document.head.appendChild(script);
  }

  // How well a name and a text answer a word; 0 for not at all.
  function fit(word, name, text) {
    var last = name.slice(name.lastIndexOf(".") + 1);
    if (name === word || last === word) return 100;
    if (last.startsWith(word)) return 60;
    if (name.startsWith(word)) return 50;
    if (name.includes("_" + word) || name.includes("." + word)) return 40;
    if (name.includes(word)) return 25;
    if ((" " + text).includes(" " + word)) return 8;
    return text.includes(word) ? 3 : 0;
  }

  function search(query) {
    var words = query.toLowerCase().split(/[\s,]+/).filter(Boolean);
    var found = [];
    if (!words.length) return found;
    window.termtideTables.forEach(function (table, order) {
      var whole = table[0] + "." + table[1];
      var base = up + table[0] + "/" + table[1] + ".html";
      offer(whole, table[1], table[2], whole, base, table[2], 5 - order / 1000);
      table[3].forEach(function (column) {
        offer(whole, column[0], column[2], whole + " · " + column[0], base + "#" + column[0],
          column[1] + ". " + column[2], -order / 1000);
      });
    });
    function offer(whole, name, text, title, href, told, bonus) {
      var sum = bonus, own = 0;
      for (var i = 0; i < words.length; i++) {
        // A column answers "person email" by its table's name for one word, and by its own for another.
        var mine = fit(words[i], name.toLowerCase(), text.toLowerCase());
        var best = Math.max(mine, words.length > 1 ? fit(words[i], whole, "") / 4 : 0, words[i] === whole ? 120 : 0);
        if (!best) return;
        own += mine;
        sum += best;
      }
      if (own || words.indexOf(whole) >= 0) found.push({ sum: sum, title: title, href: href, told: told });
    }
    return found.sort(function (a, b) { return b.sum - a.sum; });
  }

  function show() {
    var query = input.value.trim();
    list.replaceChildren();
    list.hidden = !query;
    if (!query) return;
    var found = search(query);
    found.slice(0, MOST).forEach(function (one) {
      var item = document.createElement("li"), link = document.createElement("a"), told = document.createElement("small");
      link.href = one.href;
      link.textContent = one.title;
      told.textContent = one.told;
      link.appendChild(told);
      item.appendChild(link);
      list.appendChild(item);
    });
    if (found.length > MOST || !found.length) {
      var note = document.createElement("p");
      note.textContent = found.length ? found.length - MOST + " more; say more words" : "Nothing of that name";
      list.appendChild(document.createElement("li")).appendChild(note);
    }
  }

  function step(by) {
    var links = Array.from(list.querySelectorAll("a"));
    var next = links.indexOf(document.activeElement) + by;
    if (next < 0) input.focus();
    else if (links[next]) links[next].focus();
  }

  input.addEventListener("focus", function () { load(function () {}); });
  input.addEventListener("input", function () { load(show); });
  form.addEventListener("submit", function (event) {
    event.preventDefault();
    var first = list.querySelector("a");
    if (first) first.click();
  });
  list.addEventListener("click", function () { list.hidden = true; });
  document.addEventListener("keydown", function (event) {
    if (event.key === "/" && document.activeElement !== input) {
      event.preventDefault();
      input.focus();
    } else if (event.key === "Escape") {
      list.hidden = true;
    } else if (form.contains(document.activeElement) && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      step(event.key === "ArrowDown" ? 1 : -1);
    }
  });
  document.addEventListener("click", function (event) {
    if (!form.contains(event.target)) list.hidden = true;
  });

  document.querySelectorAll("svg.whole").forEach(function (svg) {
    function light(event) {
      var box = event.target.closest("a");
      svg.classList.toggle("lit", Boolean(box));
      svg.querySelectorAll("path").forEach(function (line) {
        line.classList.toggle("on", Boolean(box) && [line.dataset.a, line.dataset.b].indexOf(box.dataset.name) >= 0);
      });
    }
    svg.addEventListener("mouseover", light);
    svg.addEventListener("focusin", light);
  });
})();
{% include "copy.js" %}
