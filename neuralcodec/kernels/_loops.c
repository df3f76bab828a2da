/* The loops of the codec in which every step waits for the one before it. Whatever decides a symbol is an integer.

   What the arguments mean is written where Python calls these functions, and above each of them. */

#include "arrays.h"

#define INTERFACE 2 /* as in __init__.py: another number wherever functions or their arguments change */

static PyMethodDef methods[] = {
    {"encode", encode, METH_VARARGS, "All rounds of a payload."},
    {"run_network", run_network, METH_VARARGS, "A context network."},
    {"predict", predict, METH_VARARGS, "Long-term prediction."},
    {"decode_side", decode_side, METH_VARARGS, "Side information."},
    {"decode_frames", decode_frames, METH_VARARGS, "A module that sends a frame in one round."},
    {"decode_predicted", decode_predicted, METH_VARARGS, "A module with long-term prediction."},
    {"decode_first", decode_first, METH_VARARGS, "The first nested module."},
    {"decode_refinement", decode_refinement, METH_VARARGS, "A later nested module."},
    {"refinement_rows", refinement_rows, METH_VARARGS, "Which PMF rows code a later nested module."},
    {"synthesise", synthesise, METH_VARARGS, "The filter 1/A(z)."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_loops", "The loops of the codec, in C.", -1, methods};

PyMODINIT_FUNC PyInit__loops(void)
{
    PyObject *loops = PyModule_Create(&module);
    if (loops && PyModule_AddIntMacro(loops, INTERFACE) < 0) {
        Py_DECREF(loops);
        return NULL;
    }
    return loops;
}
