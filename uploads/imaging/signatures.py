"""What a file is by its first bytes, before anything decodes it."""

SIGNATURE_BYTES = 1024


def signature(head: bytes) -> str:
    """The name of a format that people choose by mistake, from a file's first bytes; empty if unknown."""
    starts = {
        b"\xff\xd8\xff": "JPEG",
        b"\x89PNG\r\n\x1a\n": "PNG",
        b"GIF8": "GIF",
        b"BM": "BMP",
        b"II*\0": "TIFF",
        b"MM\0*": "TIFF",
        b"%PDF": "PDF",
        b"8BPS": "Photoshop",
        b"\0\0\1\0": "ICO",
    }
    for start, name in starts.items():
        if head.startswith(start):
            return name
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WebP"
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        return {b"avif": "AVIF", b"avis": "AVIF"}.get(brand, "HEIC" if brand[:2] in {b"he", b"mi"} else "")
    return "SVG" if b"<svg" in head.lower() else ""
