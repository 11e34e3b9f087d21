"""A layered order for a graph: what others rest on comes first, and lines cross little.

Sugiyama's steps, without dummies: break circles, layers by longest path, order by barycentres.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

_SWEEPS = 12
_Links = Mapping[str, Collection[str]]


def layered(nodes: Sequence[str], edges: Collection[tuple[str, str]]) -> list[list[str]]:
    """The nodes in layers; an edge (a, b) says that ``a`` rests on ``b``, which comes in an earlier layer.

    Of a circle the edge that the order of ``nodes`` speaks against is left out. The result depends on the
    order of ``nodes``, not on that of ``edges``.
    """
    place = {node: i for i, node in enumerate(nodes)}
    known = {(a, b) for a, b in edges if a != b and a in place and b in place}
    kept = sorted(known, key=lambda edge: (place[edge[0]], place[edge[1]]))
    below = _acyclic(nodes, kept)
    depth: dict[str, int] = {}
    for node in _rest_first(nodes, below):
        depth[node] = max((depth[other] + 1 for other in below[node]), default=0)
    layers: list[list[str]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    for node in nodes:
        layers[depth[node]].append(node)
    return _uncrossed(layers, kept)


def crossings(layers: Sequence[Sequence[str]], edges: Collection[tuple[str, str]]) -> int:
    """How many pairs of edges cross when layers are columns and edges straight lines between two of them."""
    at = {node: (x, y) for x, layer in enumerate(layers) for y, node in enumerate(layer)}
    lines: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for a, b in edges:
        (x, y), (u, v) = sorted((at[a], at[b]))
        lines.setdefault((x, u), []).append((y, v))
    return sum(
        (y - s) * (v - t) < 0
        for group in lines.values()
        for i, (y, v) in enumerate(group)
        for s, t in group[:i]
    )


def _acyclic(nodes: Sequence[str], edges: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    """By node, what it rests on: edges from later to earlier nodes first, then all that close no circle."""
    place = {node: i for i, node in enumerate(nodes)}
    below: dict[str, list[str]] = {node: [] for node in nodes}
    for a, b in sorted(edges, key=lambda e: place[e[0]] < place[e[1]]):
        if not _reaches(b, a, below):
            below[a].append(b)
    return below


def _reaches(start: str, goal: str, below: _Links) -> bool:
    seen, todo = {start}, [start]
    while todo:
        node = todo.pop()
        if node == goal:
            return True
        fresh = [other for other in below[node] if other not in seen]
        seen.update(fresh)
        todo += fresh
    return False


def _rest_first(nodes: Sequence[str], below: _Links) -> list[str]:
    """The nodes, each after all that it rests on."""
    done: dict[str, None] = {}
    while len(done) < len(nodes):
        done |= dict.fromkeys(n for n in nodes if n not in done and all(other in done for other in below[n]))
    return list(done)


def _uncrossed(layers: list[list[str]], edges: Sequence[tuple[str, str]]) -> list[list[str]]:
    """Layers by the mean place of each node's neighbours; of all orders tried that with fewest crossings."""
    near: dict[str, list[str]] = {}
    for a, b in edges:
        near.setdefault(a, []).append(b)
        near.setdefault(b, []).append(a)
    best, fewest = [list(layer) for layer in layers], crossings(layers, edges)
    for sweep in range(_SWEEPS):
        for layer in layers if sweep % 2 == 0 else layers[::-1]:
            at = {node: (i + 0.5) / len(row) for row in layers for i, node in enumerate(row)}
            mean = {n: sum(at[o] for o in near[n]) / len(near[n]) if n in near else at[n] for n in layer}
            layer.sort(key=lambda node: (mean[node], at[node]))
        if (found := crossings(layers, edges)) < fewest:
            best, fewest = [list(layer) for layer in layers], found
    return best
