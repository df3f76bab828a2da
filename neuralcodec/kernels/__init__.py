"""Loops that NumPy cannot do at speed, in C: `loops`, or None where they were not compiled.

What they do is done in NumPy, too, where they are used: slower, with the same symbols and the same bytes.
"""

INTERFACE = 2  # of the C files; in a checkout there may be a build of older ones, which is left alone

try:
    from neuralcodec.kernels import _loops as loops
except ImportError:
    loops = None
if getattr(loops, "INTERFACE", None) != INTERFACE:
    loops = None
