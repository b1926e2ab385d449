"""A crop's other files: at smaller widths and in more formats than the one that people look at."""

import logging
from dataclasses import replace

from django.db import transaction

from uploads import storage
from uploads.decoding import decoders, limits
from uploads.errors import DraftConflict, Refusal
from uploads.imaging import render
from uploads.imaging.formats import FORMATS
from uploads.lifecycle.changing import recipe_of
from uploads.models import Draft, DraftCrop, DraftRendition

logger = logging.getLogger(__name__)


def render_others(draft: Draft, crop: DraftCrop) -> list[DraftRendition]:
    """Render the other files of a crop that has its preview, unless that is done; return their rows.

    Those of a picture that moves are the ones that move too. A file that the sandbox refuses to make, as a WebP of
    50 megapixels takes it too long, is left out: the person who confirms could do nothing about it, and the main
    file is there.

    Raises:
        DraftConflict: the draft is no longer the revision that it was.
        DraftFileLost, DecoderBusy, DraftStorageFull: they cannot be made, or not now.
    """
    made = {(row.width, row.format): row for row in crop.renditions.all()}
    rows = []
    for size, format_name in crop.spec.other_outputs(crop.selection.box, crop.preview_format):
        if crop.preview_frames > 1 and format_name not in render.MAY_MOVE:
            continue  # a browser would show it instead of the one that moves
        recipe = replace(recipe_of(crop), output=size, format=format_name)
        row = made.get((size.width, format_name))
        if row is None or row.recipe != recipe.digest:
            try:
                row = _render(draft, crop, recipe)
            except Refusal as error:
                logger.warning("%s is stored without its %s of %s: %s", draft.pk, format_name, size, error)
                continue
        rows.append(row)
    return rows


def _render(draft: Draft, crop: DraftCrop, recipe: render.Recipe) -> DraftRendition:
    kind = f"{crop.spec.slug}-{recipe.output.width}-{FORMATS[recipe.format].extension}"
    name, alias = storage.draft_file_name(draft.pk, kind), draft.storage_alias
    with storage.local_file(alias, draft.source_name) as source, storage.new_file(alias, name) as target:
        rendered = decoders().run(render.render, source, target, limits(), recipe)
    made = DraftRendition(
        crop=crop,
        width=rendered.size.width,
        height=rendered.size.height,
        format=rendered.format,
        name=name,
        recipe=recipe.digest,
        sha256=rendered.sha256,
        bytes=rendered.bytes,
    )
    stale_name = name
    try:
        current, stale_name = _keep(draft, made)
    finally:
        storage.delete_draft_files(alias, [stale_name])
    return current


def _keep(draft: Draft, made: DraftRendition) -> tuple[DraftRendition, str]:
    """Save a row, unless another request was faster; return the one that holds, and the file that no row names."""
    with transaction.atomic():
        # Locked, where the database locks rows: nobody edits, replaces, claims or discards the draft meanwhile.
        unchanged = Draft.objects.select_for_update().filter(
            pk=draft.pk, state=Draft.State.OPEN, revision=draft.revision
        )
        if unchanged.first() is None:
            raise DraftConflict()
        current = DraftRendition.objects.filter(crop=made.crop, width=made.width, format=made.format).first()
        if current is not None and current.recipe == made.recipe:
            return current, made.name
        if current is not None:
            current.delete()
        made.save(force_insert=True)
    return made, current.name if current is not None else ""
