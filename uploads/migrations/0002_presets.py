"""The presets that a new site begins with; admins change them as they like."""

from typing import Any

from django.db import migrations

PROFILE = {
    "slug": "profile",
    "name": "Profile",
    "ratio": (1, 1),
    "min_width": 256,
    "min_height": 256,
    "output_width": 512,
}
BANNER = {"slug": "banner", "name": "Banner", "ratio": (3, 1)}
CARD = {"slug": "card", "name": "Card", "ratio": (16, 9)}
FREE = {"slug": "free", "name": "Free", "ratio": (None, None), "keeps_animation": True}

PRESETS = [
    ("free", "Free", [FREE]),
    ("profile", "Profile", [PROFILE]),
    ("banner", "Banner", [BANNER]),
    ("card", "Card", [CARD]),
    ("profile-set", "Profile and banner", [PROFILE, BANNER]),
]


def seed(apps: Any, _schema_editor: Any) -> None:
    preset_model, spec_model = apps.get_model("uploads", "Preset"), apps.get_model("uploads", "CropSpec")
    for position, (slug, name, specs) in enumerate(PRESETS, start=1):
        preset = preset_model.objects.create(slug=slug, name=name, position=position)
        for spec_position, spec in enumerate(specs, start=1):
            columns = {key: value for key, value in spec.items() if key != "ratio"}
            ratio_width, ratio_height = spec["ratio"]
            spec_model.objects.create(
                preset=preset,
                position=spec_position,
                ratio_width=ratio_width,
                ratio_height=ratio_height,
                **columns,
            )


class Migration(migrations.Migration):
    dependencies = [("uploads", "0001_initial")]

    operations = [migrations.RunPython(seed, migrations.RunPython.noop)]
