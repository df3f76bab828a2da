/* The filter 1/A(z), `runtime.lpc.SynthesisFilter`. */

#include "arrays.h"
#include <string.h>

#define ORDER 16
#define SUBFRAME 80
#define FAR 1e30

static double clipped(double sample, double limit)
{
    return sample > limit ? limit : sample < -limit ? -limit : sample; /* NaN stays */
}

/* synthesise(residual, predictors, last, limit, out)

   float32 (80 S,), float64 (S, 17), float64 (16,), which is changed, -> float32 (80 S,). What the filter remembers at
   the end of a sub-frame is kept within +-limit, so that it recovers. */
PyObject *synthesise(PyObject *self, PyObject *arguments)
{
    Py_buffer b[4]; /* residual, predictors, last, out */
    double limit;
    if (!PyArg_ParseTuple(arguments, "y*y*w*dw*", b, b + 1, b + 2, &limit, b + 3))
        return NULL;
    Py_ssize_t subframes = b[0].len / (4 * SUBFRAME);
    if (!is_size(b, subframes, 4 * SUBFRAME) || !is_size(b + 1, subframes, 8 * (ORDER + 1)) || !is_size(b + 2, ORDER, 8)
        || !is_size(b + 3, subframes, 4 * SUBFRAME)) {
        release(b, 4);
        return wrong_sizes();
    }
    const float *residual = b[0].buf;
    const double *a = b[1].buf;
    float *out = b[3].buf;
    double y[ORDER + SUBFRAME];
    memcpy(y, b[2].buf, ORDER * sizeof *y);
    for (Py_ssize_t s = 0; s < subframes; s++, a += ORDER + 1, residual += SUBFRAME, out += SUBFRAME) {
        for (int n = 0; n < SUBFRAME; n++) {
            /* The oldest first: only the last product waits for the sample before. */
            double even = 0, odd = residual[n];
            for (int k = ORDER; k > 0; k -= 2) {
                even -= a[k] * y[ORDER + n - k];
                odd -= a[k - 1] * y[ORDER + n - k + 1];
            }
            y[ORDER + n] = clipped(even + odd, FAR); /* no infinity, whose differences were NaN */
        }
        for (int n = 0; n < SUBFRAME; n++) {
            out[n] = (float)clipped(y[ORDER + n], limit);
        }
        for (int n = 0; n < ORDER; n++) {
            y[n] = clipped(y[SUBFRAME + n], limit);
        }
    }
    memcpy(b[2].buf, y, ORDER * sizeof *y);
    release(b, 4);
    Py_RETURN_NONE;
}
