"""How far an upload is, for whoever sends it."""

from uuid import UUID

from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache

from uploads import progress as records
from uploads.views.answers import answers


@answers("GET")
@never_cache
def progress(request: HttpRequest, progress_id: UUID) -> JsonResponse:
    record = records.read(request, progress_id)
    if record is None:
        # Not begun, long over, or somebody else's: there is no telling which.
        return JsonResponse({"state": "unknown"}, status=404)
    return JsonResponse(record)
