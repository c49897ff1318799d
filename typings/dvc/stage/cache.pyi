from dvc.exceptions import DvcException
from dvc.stage import Stage

class RunCacheNotFoundError(DvcException): ...

class StageCache:
    def restore(self, stage: Stage) -> None: ...
