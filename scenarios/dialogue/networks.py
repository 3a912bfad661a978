"""Who hears whom in a group: graphs that are drawn, graphs out of a file, and where their members sit."""

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal
from xml.parsers import expat

import networkx as nx
import numpy as np

Kind = Literal["complete", "star", "ring", "small_world", "random"]
Place = Literal["random", "hub", "leaf"]
LEAST: dict[Kind, int] = {"complete": 2, "star": 2, "ring": 3, "small_world": 4, "random": 2}
"""Members that a graph of a kind has at least."""
Edge = tuple[str, str]
"""Who speaks, and who hears it."""


def drawn(
    kind: Kind, count: int, rng: np.random.Generator, neighbours: int, rewiring: float, density: float
) -> tuple[Edge, ...]:
    """The edges of a graph of `count` nodes, "0" to count - 1, each edge both ways.

    A small world is a ring of which each is tied to its `neighbours` nearest, each tie moved with probability
    `rewiring` (Watts and Strogatz 1998, doi:10.1038/30918); a random graph has each tie with probability `density`
    (Erdos and Renyi 1959, doi:10.5486/PMD.1959.6.3-4.12). What falls apart is joined by ties between nodes by lot.
    """
    seed = int(rng.integers(2**31))
    return _drawn(kind, count, seed if kind in ("small_world", "random") else 0, neighbours, rewiring, density)


@lru_cache(512)  # the arms of a pair draw the same
def _drawn(kind: Kind, count: int, seed: int, neighbours: int, rewiring: float, density: float) -> tuple[Edge, ...]:
    shape: nx.Graph[int]
    match kind:
        case "complete":
            shape = nx.complete_graph(count)
        case "star":
            shape = nx.star_graph(count - 1)
        case "ring":
            shape = nx.cycle_graph(count)
        case "small_world":
            shape = _joined(nx.watts_strogatz_graph(count, neighbours, rewiring, seed=seed), seed)
        case "random":
            shape = _joined(nx.gnp_random_graph(count, density, seed=seed), seed)
    return tuple((str(one), str(other)) for one, other in shape.to_directed().edges)


def _joined(graph: "nx.Graph[int]", seed: int) -> "nx.Graph[int]":
    """A graph in one piece: its pieces, in a row, are tied by a node of each."""
    rng = np.random.default_rng(seed)
    ends = [sorted(piece)[int(rng.integers(len(piece)))] for piece in nx.connected_components(graph)]
    graph.add_edges_from(pairwise(ends))
    return graph


@lru_cache(512)
def network(members: tuple[str, ...], edges: tuple[Edge, ...]) -> "nx.DiGraph[str]":
    """Who hears whom as a graph that nobody can change."""
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(members)
    graph.add_edges_from(edges)
    nx.freeze(graph)
    return graph


def seated(nodes: Sequence[str], edges: Sequence[Edge], place: Place, rng: np.random.Generator) -> tuple[str, ...]:
    """The nodes in the order in which members take them: by lot, or first those whom most hear (`hub`) or fewest
    (`leaf`), and by lot among equals."""
    lot = [nodes[int(at)] for at in rng.permutation(len(nodes))]
    if place == "random":
        return tuple(lot)
    hearers = dict.fromkeys(nodes, 0)
    for speaker, _ in edges:
        hearers[speaker] += 1
    return tuple(sorted(lot, key=lambda node: hearers[node], reverse=place == "hub"))


def read(path: str) -> tuple[tuple[str, ...], tuple[Edge, ...]]:
    """The nodes and edges of a GraphML file; those of an undirected graph go both ways.

    Raises FileNotFoundError where there is no such file, and ValueError, with file and line, for one that is no
    GraphML, for an edge with a node that is not there, for a node that hears itself, and for a node that stands twice.
    """
    file = Path(path).expanduser()
    if not file.is_file():
        raise FileNotFoundError(
            f"scenario.data: no file {path!r}; give the path of a GraphML file, or leave it out for scenario.graph="
            f"{'|'.join(LEAST)}"
        )
    _checked(file)
    try:
        graph: Any = nx.read_graphml(file)
    except Exception as error:  # the reader raises whatever its XML reader, or a converter of an attribute, does
        raise ValueError(f"scenario.data: {file}: networkx cannot read it as GraphML ({error})") from None
    edges = ((str(one), str(other)) for one, other in graph.to_directed().edges())
    return tuple(map(str, graph.nodes)), tuple(dict.fromkeys(edges))


def _checked(file: Path) -> None:
    """ValueError for what networkx would take without a word."""
    nodes: dict[str, int] = {}
    ties: list[tuple[str, str, int]] = []
    parser = expat.ParserCreate(namespace_separator="}")

    def begin(tag: str, given: dict[str, str]) -> None:
        line, name = parser.CurrentLineNumber, tag.rpartition("}")[2]
        if name == "node":
            if (node := given.get("id", "")) in nodes:
                raise ValueError(f"{file}:{line}: node {node!r} stands in line {nodes[node]} too; leave one out")
            nodes[node] = line
        elif name == "edge":
            ties.append((given.get("source", ""), given.get("target", ""), line))

    parser.StartElementHandler = begin
    try:
        parser.Parse(file.read_bytes(), True)
    except expat.ExpatError as error:
        raise ValueError(f"{file}:{error.lineno}: not XML ({error}); give a GraphML file") from None
    if not nodes:
        raise ValueError(f"{file}: no <node> in it; give a GraphML file with two nodes or more")
    for one, other, line in ties:
        if unknown := [end for end in (one, other) if end not in nodes]:
            raise ValueError(
                f"{file}:{line}: an edge has the unknown node {unknown[0]!r}; add <node id={unknown[0]!r}/>, or leave "
                f"the edge out; nodes are {', '.join(list(nodes)[:12])}"
            )
        if one == other:
            raise ValueError(f"{file}:{line}: {one!r} would hear itself; leave that edge out")
