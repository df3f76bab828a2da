"""Formats that can be told but not read, so that a message can name the way."""

import re

_RIFF_KINDS = {b"AVI ": "an AVI video", b"WEBP": "a WebP image", b"RMID": "a MIDI file"}
_OGG_KINDS = ((b"Speex   ", "an Ogg Speex file"), (b"\x7fFLAC", "an Ogg FLAC file"), (b"\x80theora", "an Ogg video"))
_KINDS = (  # (offset, bytes, what it is)
    (4, b"ftypM4A", "an M4A file"), (4, b"ftypM4B", "an M4B file"), (4, b"ftypqt", "a QuickTime file"),
    (4, b"ftyp3g", "a 3GP file"), (4, b"ftyp", "an MP4 file"), (4, b"moov", "a QuickTime file"),
    (0, b"\x1a\x45\xdf\xa3", "a WebM or Matroska file"), (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "a WMA file"),
    (0, b"#!AMR", "an AMR file"), (0, b"#!EVS", "an EVS file"), (0, b"#!SILK", "a SILK file"),
    (1, b"#!SILK", "a SILK file"), (0, b"#!iLBC", "an iLBC file"), (0, b"\xc0\xde\xc2", "a Codec 2 file"),
    (0, b"ADIF", "an AAC file"), (0, b".RMF", "a RealMedia file"), (0, b".ra\xfd", "a RealAudio file"),
    (0, b"wvpk", "a WavPack file"), (0, b"MAC ", "a Monkey's Audio file"), (0, b"TTA", "a True Audio file"),
    (0, b"MPCK", "a Musepack file"), (0, b"MP+", "a Musepack file"), (0, b"OFR ", "an OptimFROG file"),
    (0, b"ajkg", "a Shorten file"), (0, b"LA0", "a Lossless Audio file"), (0, b"DSD ", "a DSF file"),
    (0, b"FRM8", "a DSDIFF file"), (0, b"FLV\x01", "a Flash video"), (0, b"MThd", "a MIDI file"),
    (0, b"\x0b\x77", "an AC-3 file"), (0, b"\x7f\xfe\x80\x01", "a DTS file"), (0, b"\x00\x00\x01\xba", "an MPEG video"),
    (0, b"\x00\x00\x01\xb3", "an MPEG video"), (0, b"NAC", "a .nac file"),
    (0, b"PK\x03\x04", "a ZIP archive"), (0, b"\x1f\x8b", "a gzip archive"),
    (0, b"BZh", "a bzip2 archive"), (0, b"\xfd7zXZ", "an xz archive"), (0, b"7z\xbc\xaf", "a 7-Zip archive"),
    (0, b"Rar!", "a RAR archive"),
)
_ADTS = re.compile(rb"\xff[\xf0\xf1\xf8\xf9]", re.DOTALL)

# Names of such files, as far as they are recordings: a folder of them is told, too.
EXTENSIONS = {".m4a", ".m4b", ".mp4", ".mov", ".3gp", ".aac", ".webm", ".mkv", ".mka", ".wma", ".amr", ".awb", ".ape",
              ".wv", ".tta", ".mpc", ".ra", ".rm", ".spx", ".ac3", ".dts", ".dsf", ".dff", ".avi", ".shn", ".evs"}

WAY = "convert it on the way, for instance by `ffmpeg -i IN -f wav - | neuralcodec compress - -o OUT.nac`."


def advice(kind):
    """The end of a sentence that begins with what a file is: what to do about it."""
    if kind == "a .nac file":
        return "which is compressed already; `neuralcodec decompress` makes a recording of it."
    if kind.endswith("archive"):
        return "not a recording; unpack it first."
    return f"which cannot be read as it is; {WAY}"


def kind_of(start):
    """What a file is by its first bytes, with its article.

    Args:
        start: bytes, 64 of them or more.

    Returns:
        str, or None for what is not known or can be read.

    Example:
        >>> kind_of(b"#!AMR-WB" + bytes(100))
        'an AMR file'
    """
    if start[:4] in (b"RIFF", b"RIFX"):
        return _RIFF_KINDS.get(start[8:12])
    if start[:4] == b"OggS":
        return next((kind for magic, kind in _OGG_KINDS if magic in start[27:64]), None)
    if _ADTS.match(start):
        return "an AAC file"
    return next((kind for place, magic, kind in _KINDS if start.startswith(magic, place)), None)
