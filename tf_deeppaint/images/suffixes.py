"""The suffixes of picture files, by format; every list of them in the project is this one."""

# PNG and JPEG come first: where a file may have any suffix, these are looked for first.
SUFFIXES_OF = {
    "PNG": (".png", ".apng"),
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "WebP": (".webp",),
    "GIF": (".gif",),
    "BMP": (".bmp",),
    "TIFF": (".tif", ".tiff"),
    "PSD": (".psd",),
    "AVIF": (".avif",),
    "HEIC": (".heic", ".heif", ".hif"),
}
SUFFIXES = tuple(suffix for suffixes in SUFFIXES_OF.values() for suffix in suffixes)
FORMATS = f"{', '.join([*SUFFIXES_OF][:-1])} or {[*SUFFIXES_OF][-1]}"
