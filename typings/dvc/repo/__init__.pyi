from contextlib import AbstractContextManager

from dvc.stage import Stage
from dvc.stage.cache import StageCache

class Graph: ...

class Index:
    stages: list[Stage]
    graph: Graph

class Repo:
    index: Index
    stage_cache: StageCache
    tmp_dir: str
    def __init__(self, root_dir: str | None = ...) -> None: ...
    def scm_context(self, *, quiet: bool | None = ...) -> AbstractContextManager[object]: ...

def lock_repo(repo: Repo) -> AbstractContextManager[None]: ...
