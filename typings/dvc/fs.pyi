from collections.abc import Mapping

class Filesystem:
    protocol: str
    fs_args: dict[str, dict[str, object]]
    @property
    def fs(self) -> object: ...
    def __init__(self, **options: object) -> None: ...

def get_cloud_fs(
    repo_config: Mapping[str, Mapping[str, object]] | None, *, name: str
) -> tuple[type[Filesystem], dict[str, object], str]: ...
