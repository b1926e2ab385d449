"""Settings of Django's own tests, with the upload handlers of this site.

Without ``SniffHandler``: it refuses what is no picture, and those tests upload text.
"""

DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3"}, "other": {"ENGINE": "django.db.backends.sqlite3"}}
SECRET_KEY = "django_tests_secret_key"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
USE_TZ = False

FILE_UPLOAD_HANDLERS = [
    "uploads.handlers.body.WholeBodyHandler",
    "uploads.handlers.limits.LimitsHandler",
    "uploads.handlers.progress.ProgressHandler",
    "uploads.handlers.tiers.TieredUploadHandler",
]
UPLOADS_MAX_BYTES = 20_000_000
UPLOADS_MAX_REQUEST_BYTES = 400_000_000
UPLOADS_RECEIVING_MEMORY_BYTES = 64_000_000
UPLOADS_STALL_SECONDS = 60
