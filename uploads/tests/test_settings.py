"""Settings: read from the environment in a fresh process; a wrong value stops the start with its name."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings as site

READ = """
import json
from config import settings
names = {names!r}
print(json.dumps({{name: getattr(settings, name, None) for name in names}}, default=str))
"""
ELSEWHERE = {
    "ALLOWED_HOSTS": "pictures.example.org",
    "SECRET_KEY": "x7Jq-a key of fifty characters and more, of many different ones 0123456789",
    "S3_ENDPOINT_URL": "https://s3.example.org",
    "S3_BUCKET": "pictures",
}


@pytest.fixture
def python(tmp_path):
    """Run Python on the checkout with these variables set and none of ours besides."""

    def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        defaults = {"VAR_DIR": str(tmp_path / "var"), "ENV_FILE": os.devnull}
        environment = kept | {"UPLOADS_MEMORY_DIR": str(tmp_path / "memory")} | defaults | variables
        command = [sys.executable, *arguments]
        return subprocess.run(
            command, cwd=site.BASE_DIR, env=environment, capture_output=True, text=True, timeout=60, check=False
        )

    return run


@pytest.fixture
def read(python):
    """The values of some settings under these variables."""

    def values(*names: str, **variables: str) -> dict:
        done = python("-c", READ.format(names=names), **variables)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return values


@pytest.fixture
def refusal(python):
    """The last line of a start that fails under these variables."""

    def message(**variables: str) -> str:
        done = python("-c", "import config.settings", **variables)
        assert done.returncode != 0
        return done.stderr.strip().splitlines()[-1]

    return message


def test_without_a_variable_the_site_is_for_this_machine_alone(read, tmp_path):
    values = read("S3_EMBEDDED", "S3_BUCKET", "S3_ENDPOINT_URL", "HOST", "PORT", "DEBUG", "ALLOWED_HOSTS", "DATABASES",
                  "UPLOADS_LOGIN_REQUIRED", "UPLOADS_SERVE_THROUGH_DJANGO", "UPLOADS_MAX_BYTES", "UPLOADS_MAX_FILES",
                  "DATA_UPLOAD_MAX_NUMBER_FILES", "FILE_UPLOAD_MAX_MEMORY_SIZE", "SESSION_COOKIE_SECURE",
                  "SECURE_SSL_REDIRECT", UPLOADS_MAX_FILES="7")  # fmt: skip
    endpoint, databases = values.pop("S3_ENDPOINT_URL"), values.pop("DATABASES")
    assert endpoint.startswith("http://127.0.0.1:")
    assert databases["default"]["NAME"] == str(tmp_path / "var" / "db.sqlite3")
    assert values == {
        "S3_EMBEDDED": True,
        "S3_BUCKET": "media",
        "HOST": "127.0.0.1",
        "PORT": 8000,
        "DEBUG": False,
        "ALLOWED_HOSTS": ["localhost", "127.0.0.1", "[::1]"],
        "UPLOADS_LOGIN_REQUIRED": False,
        "UPLOADS_SERVE_THROUGH_DJANGO": True,
        "UPLOADS_MAX_BYTES": 20_000_000,
        "UPLOADS_MAX_FILES": 7,
        "DATA_UPLOAD_MAX_NUMBER_FILES": 7,
        "FILE_UPLOAD_MAX_MEMORY_SIZE": 2_621_440,
        "SESSION_COOKIE_SECURE": None,
        "SECURE_SSL_REDIRECT": None,
    }


def test_the_defaults_that_the_example_shows_are_the_real_ones(read):
    shown = {}
    for line in (site.BASE_DIR / ".env.example").read_text().splitlines():
        name, equals, rest = line.removeprefix("# ").partition("=")
        value = rest.split("  ")[0].strip()
        if line.startswith("# ") and equals and name.isupper() and value.isdecimal() and name != "WORKERS":
            shown[name] = int(value)
    assert len(shown) > 10
    assert read(*shown) == shown


def test_an_empty_variable_counts_as_not_set(read):
    assert read("PORT", "S3_EMBEDDED", PORT="", S3_BUCKET=" ") == {"PORT": 8000, "S3_EMBEDDED": True}


WRONG = [
    {"PORT": "eighty"},
    {"PORT": "70000"},
    {"UPLOADS_MAX_BYTES": "20 MB"},
    {"UPLOADS_DECODERS": "0"},
    {"UPLOADS_MAX_FILES": "-1"},
    {"DEBUG": "maybe"},
    {"UPLOADS_LOGIN_REQUIRED": "2"},
    {"UPLOADS_FORMATS": "JPEG,BMP"},
    {"DATABASE_URL": "nonsense"},
    {"DATABASE_URL": "oracle2://x"},
    {"CACHE_URL": "nonsense://x"},
    {"S3_ENDPOINT_URL": "s3.example.org", "S3_BUCKET": "pictures"},
    {"TIME_ZONE": "Mars/Olympus"},
]


@pytest.mark.parametrize("variables", WRONG, ids=str)
def test_a_wrong_value_stops_the_start_with_its_name(refusal, variables):
    message = refusal(**variables)
    assert message.startswith("django.core.exceptions.ImproperlyConfigured: " + next(iter(variables)))


@pytest.mark.parametrize(
    ("variables", "name"),
    [
        (ELSEWHERE | {"SECRET_KEY": ""}, "SECRET_KEY"),
        ({"ALLOWED_HOSTS": "pictures.example.org"}, "SECRET_KEY"),
        ({"S3_ENDPOINT_URL": "https://s3.example.org"}, "S3_BUCKET"),
    ],
    ids=["a store elsewhere", "hosts elsewhere", "no bucket"],
)
def test_what_is_missing_is_named(refusal, variables, name):
    assert f"Set {name} in the environment" in refusal(**variables)


def test_a_file_of_variables_is_read_and_the_environment_wins(read, tmp_path):
    file = tmp_path / "env"
    file.write_text("# mine\nPORT=8123\nUPLOADS_MAX_FILES=3\nDEFAULT_FROM_EMAIL='pictures@example.org'\n")
    values = read("PORT", "UPLOADS_MAX_FILES", "DEFAULT_FROM_EMAIL", ENV_FILE=str(file), UPLOADS_MAX_FILES="5")
    assert values == {"PORT": 8123, "UPLOADS_MAX_FILES": 5, "DEFAULT_FROM_EMAIL": "pictures@example.org"}


# --- The secret key and cookies ---------------------------------------------------------------


def test_the_secret_key_is_made_once_and_kept_private(read, tmp_path):
    first, second = read("SECRET_KEY"), read("SECRET_KEY")
    assert first == second
    assert len(first["SECRET_KEY"]) > 50
    path = tmp_path / "var" / "secret_key"
    assert oct(path.stat().st_mode & 0o777) == "0o600"
    assert oct(path.parent.stat().st_mode & 0o777) == "0o700"


def test_two_sites_have_two_keys(read, tmp_path):
    other = {"VAR_DIR": str(tmp_path / "other")}
    assert read("SECRET_KEY", "S3_SECRET_ACCESS_KEY") != read("SECRET_KEY", "S3_SECRET_ACCESS_KEY", **other)


COOKIES = ("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_SSL_REDIRECT")


@pytest.mark.parametrize(
    ("variables", "secure"),
    [
        ({"ALLOWED_HOSTS": "localhost,127.0.0.1"}, None),
        ({"ALLOWED_HOSTS": "localhost", "HTTPS_ONLY": "true"}, True),
        (ELSEWHERE, True),
        (ELSEWHERE | {"ALLOWED_HOSTS": "localhost,pictures.example.org"}, True),
        (ELSEWHERE | {"HTTPS_ONLY": "false"}, None),
    ],
    ids=["here", "here, by wish", "elsewhere", "here and elsewhere", "elsewhere, by wish not"],
)
def test_cookies_need_https_as_soon_as_a_host_is_not_this_machine(read, variables, secure):
    assert read(*COOKIES, **variables) == dict.fromkeys(COOKIES, secure)


# --- A site elsewhere -------------------------------------------------------------------------


def test_a_store_elsewhere_is_taken(read):
    values = read("S3_EMBEDDED", "S3_BUCKET", "S3_REGION", "UPLOADS_SERVE_THROUGH_DJANGO", **ELSEWHERE)
    assert values == {
        "S3_EMBEDDED": False,
        "S3_BUCKET": "pictures",
        "S3_REGION": "us-east-1",
        "UPLOADS_SERVE_THROUGH_DJANGO": False,
    }


PRESIGN = """
import django, json
from urllib.parse import urlsplit
from django.conf import settings
django.setup()
from uploads import storage
url = urlsplit(storage.images().presigned_url("images/x/free.jpg", content_type="image/jpeg", disposition="inline"))
print(json.dumps([f"{url.scheme}://{url.netloc}", settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]["img-src"]]))
"""
STORES = {
    "an endpoint": {},
    "AWS": {"S3_ENDPOINT_URL": ""},
    "AWS in Frankfurt": {"S3_ENDPOINT_URL": "", "S3_REGION": "eu-central-1"},
}


@pytest.mark.parametrize("store", STORES.values(), ids=STORES)
def test_the_policy_allows_pictures_from_where_the_bucket_sends_them(python, store):
    keys = {"S3_ACCESS_KEY_ID": "AKIA", "S3_SECRET_ACCESS_KEY": "secret"}
    done = python("-c", PRESIGN, DJANGO_SETTINGS_MODULE="config.settings", **(ELSEWHERE | keys | store))
    assert done.returncode == 0, done.stderr
    origin, allowed = json.loads(done.stdout)
    assert origin in allowed


def test_login_required_closes_every_page(read):
    required = "django.contrib.auth.middleware.LoginRequiredMiddleware"
    assert required not in read("MIDDLEWARE")["MIDDLEWARE"]
    middleware = read("MIDDLEWARE", UPLOADS_LOGIN_REQUIRED="true")["MIDDLEWARE"]
    authentication = middleware.index("django.contrib.auth.middleware.AuthenticationMiddleware")
    assert middleware.index(required) > authentication


def test_a_site_in_production_is_ready_to_be_deployed(python):
    done = python("-W", "error::DeprecationWarning:config", "manage.py", "check", "--deploy", "--fail-level", "WARNING",
                  **ELSEWHERE)  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert "no issues" in done.stdout


def test_migrations_are_complete(python):
    done = python("manage.py", "makemigrations", "--check", "--dry-run")
    assert done.returncode == 0, done.stdout


def test_uploads_are_staged_by_a_rename_within_one_device(read):
    values = read("UPLOADS_DISK_DIR", "FILE_UPLOAD_TEMP_DIR")
    devices = {os.stat(path).st_dev for path in values.values()}  # noqa: PTH116 - they come as text
    assert len(devices) == 1
    assert {oct(Path(path).stat().st_mode & 0o777) for path in values.values()} == {"0o700"}
