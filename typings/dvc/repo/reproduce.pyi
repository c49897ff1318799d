from collections.abc import Sequence

from dvc.repo import Graph
from dvc.stage import Stage

def get_active_graph(graph: Graph) -> Graph: ...
def plan_repro(graph: Graph, stages: Sequence[Stage] | None = ...) -> list[Stage]: ...
