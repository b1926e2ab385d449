"""A crop may ask for more widths and formats: each becomes one more rendition beside the main one."""

import django.db.models.deletion
from django.db import migrations, models

import uploads.models.presets


class Migration(migrations.Migration):
    dependencies = [("uploads", "0002_presets")]

    operations = [
        migrations.AddField(
            model_name="cropspec",
            name="widths",
            field=models.JSONField(
                blank=True,
                default=list,
                validators=[uploads.models.presets.validate_widths],
                verbose_name="more widths (px)",
            ),
        ),
        migrations.AddField(
            model_name="cropspec",
            name="extra_formats",
            field=models.JSONField(
                blank=True,
                default=list,
                validators=[uploads.models.presets.validate_extra_formats],
                verbose_name="more formats",
            ),
        ),
        migrations.CreateModel(
            name="DraftRendition",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("width", models.PositiveIntegerField()),
                ("height", models.PositiveIntegerField()),
                ("format", models.CharField(max_length=10)),
                ("name", models.CharField(max_length=200)),
                ("recipe", models.CharField(max_length=64)),
                ("sha256", models.CharField(max_length=64)),
                ("bytes", models.PositiveBigIntegerField()),
                (
                    "crop",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="renditions", to="uploads.draftcrop"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("crop", "width", "format"), name="draftrendition_unique_in_crop")
                ],
            },
        ),
        # Those that were stored before are main ones.
        migrations.AddField(
            model_name="rendition",
            name="is_main",
            field=models.BooleanField(default=True, verbose_name="main file"),
        ),
        migrations.AlterModelOptions(
            name="rendition",
            options={
                "ordering": ["position", "slug", "-is_main", "format", "width"],
                "verbose_name": "rendition",
                "verbose_name_plural": "renditions",
            },
        ),
        migrations.RemoveConstraint(model_name="rendition", name="rendition_slug_unique_in_image"),
        migrations.AddConstraint(
            model_name="rendition",
            constraint=models.UniqueConstraint(
                fields=("image", "slug", "width", "format"), name="rendition_unique_in_image"
            ),
        ),
        migrations.AddConstraint(
            model_name="rendition",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_main", True)), fields=("image", "slug"), name="rendition_one_is_main"
            ),
        ),
    ]
