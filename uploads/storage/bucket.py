"""The bucket: where confirmed pictures are, each object written once and never changed."""

import logging
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.storage import storages
from storages.backends.s3 import S3Storage

from uploads.errors import KeyTaken, StoreUnavailable

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from mypy_boto3_s3 import S3Client

# An object never changes under its key. Private: whose picture it is was checked for one person.
CACHE_CONTROL = "private, max-age=31536000, immutable"
CHUNK_BYTES = 64 * 1024

logger = logging.getLogger(__name__)

_CLIENT_CONFIG = Config(
    connect_timeout=2,
    read_timeout=10,
    retries={"max_attempts": 2, "mode": "standard"},
    s3={"addressing_style": "path"},
    signature_version="s3v4",
    max_pool_connections=64,
)


class ImageStorage(S3Storage):  # type: ignore[misc]  # django-storages has no types
    """The bucket. On top of django-storages: one client for all threads, and put-if-absent."""

    def __init__(self, **options: Any) -> None:
        super().__init__(client_config=_CLIENT_CONFIG, **options)

    @cached_property
    def client(self) -> "S3Client":
        """The shared client; clients, unlike boto3's resources, may be used by many threads."""
        client: S3Client = self._create_session().client(
            "s3", region_name=self.region_name, endpoint_url=self.endpoint_url, config=self.client_config
        )
        return client

    def put_if_absent(self, key: str, path: Path, *, content_type: str, sha256_hex: str) -> None:
        """Store a file as an object, once: repeating it, also at the same time, changes nothing.

        Raises:
            KeyTaken: there are other bytes under the key; they are left alone.
            StoreUnavailable: the bucket did not answer, or refused.
        """
        checksum = b64encode(bytes.fromhex(sha256_hex)).decode()
        with _store_errors():
            try:
                with path.open("rb") as body:
                    self.client.put_object(
                        Bucket=self.bucket_name,
                        Key=key,
                        Body=body,
                        ContentType=content_type,
                        CacheControl=CACHE_CONTROL,
                        ChecksumSHA256=checksum,
                        IfNoneMatch="*",
                    )
            except ClientError as error:
                if error.response["ResponseMetadata"]["HTTPStatusCode"] != 412:
                    raise
                if self._digest_of(key) != sha256_hex:
                    raise KeyTaken(key=key) from error

    def _digest_of(self, key: str) -> str:
        digest = sha256()
        with _store_errors(), closing(self.open_object(key)) as body:
            for chunk in body.iter_chunks(CHUNK_BYTES):
                digest.update(chunk)
        return digest.hexdigest()

    def open_object(self, key: str) -> "StreamingBody":
        """The object's bytes as a file to read once and close.

        Raises:
            StoreUnavailable: the bucket did not answer, or has no such object.
        """
        with _store_errors():
            return self.client.get_object(Bucket=self.bucket_name, Key=key)["Body"]

    def presigned_url(self, key: str, *, content_type: str, disposition: str) -> str:
        """An address, good for ten minutes, at which the bucket itself sends the object."""
        parameters = {
            "Bucket": self.bucket_name,
            "Key": key,
            "ResponseContentType": content_type,
            "ResponseContentDisposition": disposition,
        }
        expires = self.querystring_expire
        with _store_errors():
            return self.client.generate_presigned_url("get_object", Params=parameters, ExpiresIn=expires)

    def delete_keys(self, keys: list[str]) -> None:
        """Delete objects in one request; those that are absent count as deleted.

        Raises:
            StoreUnavailable: the bucket did not answer, or kept one.
        """
        with _store_errors():
            response = self.client.delete_objects(
                Bucket=self.bucket_name, Delete={"Objects": [{"Key": key} for key in keys], "Quiet": True}
            )
        if response.get("Errors"):
            raise StoreUnavailable()


@contextmanager
def _store_errors() -> Iterator[None]:
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        logger.warning("The store does not answer: %s", error)
        raise StoreUnavailable() from error


def images() -> ImageStorage:
    """The storage of confirmed pictures."""
    storage = storages["default"]
    assert isinstance(storage, ImageStorage)
    return storage


def object_key(image_id: UUID, slug: str, extension: str, *, width: int | None = None) -> str:
    """The one rule for keys: of a crop's main file, or of another one that has a width."""
    name = slug if width is None else f"{slug}/{width}"
    return f"images/{image_id}/{name}.{extension}"
