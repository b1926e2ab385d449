"""A pytest plugin that is loaded before Django's settings: tests get a data directory of their own.

Nothing that is set for the developer's site, in the environment or in ``.env``, reaches them.
"""

import atexit
import os
import shutil
import tempfile

OURS = (
    "ALLOWED_HOSTS",
    "CACHE_URL",
    "CSRF_",
    "DATABASE_URL",
    "DEBUG",
    "EMAIL_URL",
    "HOST",
    "HTTPS_",
    "PORT",
    "S3_",
    "SECRET_KEY",
)
OURS += ("UPLOADS_", "FILE_UPLOAD_", "WORKERS", "BLOCKING_THREADS", "TRUST_", "TIME_ZONE")

for name in list(os.environ):
    if name.startswith(OURS):
        del os.environ[name]
if "TEST_DATABASE_URL" in os.environ:
    os.environ["DATABASE_URL"] = os.environ["TEST_DATABASE_URL"]
VAR_DIR = tempfile.mkdtemp(prefix="proofsheet-test-")
os.environ |= {"ENV_FILE": os.devnull, "VAR_DIR": VAR_DIR, "UPLOADS_MEMORY_DIR": f"{VAR_DIR}/memory"}
atexit.register(shutil.rmtree, VAR_DIR, ignore_errors=True)
