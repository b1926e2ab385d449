"""All settings, from the environment; ``.env.example`` documents each variable.

Without any variable set, the site runs on what ``./run`` embeds: SQLite, SeaweedFS and
files below ``VAR_DIR``, for this machine only. A wrong value stops the start with its name.
"""

import os
import secrets
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from config import embedded
from config.environment import BASE_DIR, among, boolean, database_url, env, positive, read, time_zone

# --- Where things are -----------------------------------------------------------------

VAR_DIR = Path(read("VAR_DIR", env.str, str(BASE_DIR / "var"))).resolve()
try:
    VAR_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
except OSError as error:
    raise ImproperlyConfigured(f"VAR_DIR={str(VAR_DIR)!r} is not valid: {error.strerror}.") from error
HOST = read("HOST", env.str, "127.0.0.1")
PORT = positive("PORT", 8000, most=65535)
WORKERS = positive("WORKERS", os.cpu_count() or 1)
BLOCKING_THREADS = positive("BLOCKING_THREADS", 64)

# --- The store of confirmed pictures --------------------------------------------------

S3_ENDPOINT_URL = read("S3_ENDPOINT_URL", env.str, "")
S3_BUCKET = read("S3_BUCKET", env.str, "")
S3_EMBEDDED = not (S3_ENDPOINT_URL or S3_BUCKET)
S3_EMBEDDED_DIR = VAR_DIR / "s3"
if S3_EMBEDDED:
    _account = embedded.account(S3_EMBEDDED_DIR)
    S3_ENDPOINT_URL, S3_BUCKET, S3_REGION = _account.endpoint_url, embedded.BUCKET, embedded.REGION
    S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY = _account.access_key, _account.secret_key
else:
    S3_BUCKET = read("S3_BUCKET", env.str)
    S3_REGION = read("S3_REGION", env.str, "us-east-1")
    _url = urlsplit(S3_ENDPOINT_URL)
    if S3_ENDPOINT_URL and (_url.scheme not in {"http", "https"} or not _url.hostname):
        raise ImproperlyConfigured(
            f"S3_ENDPOINT_URL={S3_ENDPOINT_URL!r} is not valid: it is like https://s3.example.org."
        )
    # Without keys boto3 looks where it always does: profile, container, instance.
    S3_ACCESS_KEY_ID = read("S3_ACCESS_KEY_ID", env.str, "")
    S3_SECRET_ACCESS_KEY = read("S3_SECRET_ACCESS_KEY", env.str, "")
    # Named in full, so that presigned addresses and the policy for pictures agree.
    _aws = f"https://s3.{S3_REGION}.amazonaws.com" + (".cn" if S3_REGION.startswith("cn-") else "")
    S3_ENDPOINT_URL = S3_ENDPOINT_URL or _aws

# --- Pictures: limits before work -----------------------------------------------------

UPLOADS_LOGIN_REQUIRED = boolean("UPLOADS_LOGIN_REQUIRED", default=False)
_formats = ["JPEG", "PNG", "WEBP", "GIF", "AVIF"]
UPLOADS_FORMATS = among("UPLOADS_FORMATS", [*_formats, "HEIF"], default=_formats)
UPLOADS_MAX_BYTES = positive("UPLOADS_MAX_BYTES", 20_000_000)
UPLOADS_MAX_PIXELS = positive("UPLOADS_MAX_PIXELS", 50_000_000)
UPLOADS_MAX_SIDE_PX = positive("UPLOADS_MAX_SIDE_PX", 16_384)
UPLOADS_MAX_JPEG_SCANS = positive("UPLOADS_MAX_JPEG_SCANS", 100)
UPLOADS_MAX_FRAMES = positive("UPLOADS_MAX_FRAMES", 300)
UPLOADS_MAX_FILES = positive("UPLOADS_MAX_FILES", 20)
UPLOADS_MAX_DRAFTS = positive("UPLOADS_MAX_DRAFTS", 100)
UPLOADS_MAX_DRAFT_BYTES = positive("UPLOADS_MAX_DRAFT_BYTES", 1_000_000_000)
UPLOADS_DRAFT_HOURS = positive("UPLOADS_DRAFT_HOURS", 168)
UPLOADS_DECODERS = positive("UPLOADS_DECODERS", 2)
UPLOADS_DECODE_SECONDS = positive("UPLOADS_DECODE_SECONDS", 15)
UPLOADS_MEMORY_BUDGET_BYTES = positive("UPLOADS_MEMORY_BUDGET_BYTES", 64_000_000)
UPLOADS_SERVE_THROUGH_DJANGO = boolean("UPLOADS_SERVE_THROUGH_DJANGO", default=S3_EMBEDDED)
UPLOADS_SWEEP_SECONDS = positive("UPLOADS_SWEEP_SECONDS", 60)

# --- Receiving: what a body may take of the machine ------------------------------------

# All files of a form at their largest, and what is between them.
UPLOADS_MAX_REQUEST_BYTES = positive("UPLOADS_MAX_REQUEST_BYTES", UPLOADS_MAX_FILES * UPLOADS_MAX_BYTES + 2_621_440)
UPLOADS_RECEIVING_MEMORY_BYTES = positive("UPLOADS_RECEIVING_MEMORY_BYTES", 64_000_000)
UPLOADS_STALL_SECONDS = positive("UPLOADS_STALL_SECONDS", 60)
# The other threads are for pages, whatever arrives.
UPLOADS_AT_ONCE = positive("UPLOADS_AT_ONCE", max(1, BLOCKING_THREADS // 2))
UPLOADS_MIN_FREE_BYTES = positive("UPLOADS_MIN_FREE_BYTES", 100_000_000)

# --- Where drafts are: memory (tmpfs) or disk, as Django received them ----------------

_shm = Path("/dev/shm")  # noqa: S108 - tmpfs; the directory made in it is private
_memory_default = VAR_DIR / "memory"
if os.access(_shm, os.W_OK):
    _memory_default = _shm / f"proofsheet-{sha256(str(VAR_DIR).encode()).hexdigest()[:16]}"
UPLOADS_MEMORY_DIR = Path(read("UPLOADS_MEMORY_DIR", env.str, str(_memory_default)))
UPLOADS_DISK_DIR = VAR_DIR / "drafts"
# On the same device as the disk tier, so that staging a temporary file is a rename.
FILE_UPLOAD_TEMP_DIR = VAR_DIR / "incoming"
FILE_UPLOAD_MAX_MEMORY_SIZE = positive("FILE_UPLOAD_MAX_MEMORY_SIZE", 2_621_440)
FILE_UPLOAD_HANDLERS = [
    "uploads.handlers.body.WholeBodyHandler",
    "uploads.handlers.limits.LimitsHandler",
    "uploads.handlers.sniff.SniffHandler",
    "uploads.handlers.progress.ProgressHandler",
    "uploads.handlers.decode.DecodingUploadHandler",
]
DATA_UPLOAD_MAX_NUMBER_FILES = UPLOADS_MAX_FILES
# The sheet sends six fields for each draft.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 6 * UPLOADS_MAX_DRAFTS + 100
for _directory in (UPLOADS_MEMORY_DIR, UPLOADS_DISK_DIR, FILE_UPLOAD_TEMP_DIR):
    _directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if _directory.lstat().st_uid != os.getuid():
        raise ImproperlyConfigured(f"{_directory} belongs to another user; set VAR_DIR or UPLOADS_MEMORY_DIR.")


def _private_directory(path: Path) -> dict[str, Any]:
    # Files are written once: what is read-only is whole (uploads.imaging.arriving).
    modes = {"file_permissions_mode": 0o400, "directory_permissions_mode": 0o700}
    return {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": path, "base_url": None, **modes},
    }


STORAGES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "uploads.storage.ImageStorage",
        "OPTIONS": {
            "bucket_name": S3_BUCKET,
            "endpoint_url": S3_ENDPOINT_URL,
            "region_name": S3_REGION,
            "access_key": S3_ACCESS_KEY_ID or None,
            "secret_key": S3_SECRET_ACCESS_KEY or None,
            "default_acl": None,
            "querystring_auth": True,
            "querystring_expire": 600,
        },
    },
    "drafts_memory": _private_directory(UPLOADS_MEMORY_DIR),
    "drafts_disk": _private_directory(UPLOADS_DISK_DIR),
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# --- Database, cache, mail ------------------------------------------------------------

DATABASES: dict[str, dict[str, Any]] = {
    "default": database_url("DATABASE_URL", f"sqlite:///{VAR_DIR / 'db.sqlite3'}"),
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, also in tests: threads share it as processes do.
    DATABASES["default"]["TEST"] = {"NAME": VAR_DIR / "test.sqlite3"}
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL",
    }
CACHES = {"default": read("CACHE_URL", env.cache, f"filecache://{VAR_DIR / 'cache'}")}
globals().update(read("EMAIL_URL", env.email_url, "consolemail://"))
DEFAULT_FROM_EMAIL = SERVER_EMAIL = read("DEFAULT_FROM_EMAIL", env.str, "proofsheet@localhost")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Security -------------------------------------------------------------------------

DEBUG = boolean("DEBUG", default=False)
ALLOWED_HOSTS = read("ALLOWED_HOSTS", env.list, ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = read("CSRF_TRUSTED_ORIGINS", env.list, [])
_local = set(ALLOWED_HOSTS) <= {"localhost", "127.0.0.1", "[::1]", ".localhost"}


def _secret_key() -> str:
    """The key that an embedded site makes for itself and keeps."""
    return embedded.read_or_write(VAR_DIR / "secret_key", lambda: secrets.token_urlsafe(60))


SECRET_KEY = read("SECRET_KEY", env.str) if not (S3_EMBEDDED and _local) else read("SECRET_KEY", env.str, _secret_key())

if boolean("HTTPS_ONLY", default=not _local):
    SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
    if boolean("TRUST_X_FORWARDED_PROTO", default=False):
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
CSRF_FAILURE_VIEW = "uploads.views.answers.csrf_failure"

_s3_origin = "{0.scheme}://{0.netloc}".format(urlsplit(S3_ENDPOINT_URL))
_image_sources = ["'self'", "blob:"] if UPLOADS_SERVE_THROUGH_DJANGO else ["'self'", "blob:", _s3_origin]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": _image_sources,
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}

# --- Django ---------------------------------------------------------------------------

INSTALLED_APPS = [
    "uploads",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "csp",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.http.ConditionalGetMiddleware",
    "uploads.views.answers.keep_private",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "uploads.gate.GateMiddleware",
]
if UPLOADS_LOGIN_REQUIRED:
    MIDDLEWARE.insert(
        MIDDLEWARE.index("django.contrib.messages.middleware.MessageMiddleware"),
        "django.contrib.auth.middleware.LoginRequiredMiddleware",
    )
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "uploads.forms.limits",
                "uploads.views.preferences.theme",
            ],
        },
    },
]
STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
# A visitor without an account has what the browser's session has; every picture that is added begins this anew.
UPLOADS_VISITOR_DAYS = positive("UPLOADS_VISITOR_DAYS", 180, most=400)
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "uploads:sheet"
LOGOUT_REDIRECT_URL = "uploads:sheet"

LANGUAGE_CODE = "en"
TIME_ZONE = time_zone("TIME_ZONE", "UTC")
USE_TZ = True

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "loggers": {
        "django": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        # A refused request is an answer, not an incident.
        "django.request": {"level": "ERROR"},
        "django.security": {"level": "CRITICAL"},
        "uploads": {"handlers": ["console"], "level": "INFO", "propagate": False},
    },
}
