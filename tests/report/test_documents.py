"""Pages of docs/ as pages beside a report: nothing in a text can become markup or lead out of the folder."""

from __future__ import annotations

import re

from sim.report.documents import markdown_page

TEXT = """# Questions

See [SQL](sql.md), [the site](https://example.com/a) and [below](#who-is-late).

## Who is late?

<script>alert(1)</script> & co

```sql
SELECT a < b, '{{ x }}' FROM t
```

| a | b |
|---|---|
| 1 | 2 |
"""


def test_a_page_of_markdown() -> None:
    """Headings have anchors, code stands as it is, markup is text, other files are no links."""
    page = markdown_page(TEXT)
    assert "<title>Questions: Termtide</title>" in page
    assert '<h2 id="who-is-late">' in page
    assert re.findall(r'href="([^"]+)"', page) == ["https://example.com/a", "#who-is-late"]
    assert "See SQL, " in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; co" in page
    assert "SELECT a &lt; b, &#39;{{ x }}&#39; FROM t</pre>" in page
    assert "<td>2</td>" in page
