from typing import Protocol

class Client(Protocol):
    def create_bucket(self, *, Bucket: str) -> object: ...  # noqa: N803
    def head_object(self, *, Bucket: str, Key: str) -> dict[str, dict[str, str]]: ...  # noqa: N803
    def put_object(self, *, Bucket: str, Key: str, Body: bytes) -> object: ...  # noqa: N803
    def create_user(self, *, UserName: str) -> object: ...  # noqa: N803
    def put_user_policy(self, *, UserName: str, PolicyName: str, PolicyDocument: str) -> object: ...  # noqa: N803
    def create_access_key(self, *, UserName: str) -> dict[str, dict[str, str]]: ...  # noqa: N803

def client(
    service: str, *, endpoint_url: str, region_name: str, aws_access_key_id: str, aws_secret_access_key: str
) -> Client: ...
