/* Payloads of modules that send a frame in one round, `bitstream.module_payload`. */

#include "network.h"
#include "range_decoder.h"
#include <string.h>

#define SYMBOLS 320
#define CONTEXT_FRAMES 2

static int decode_block(Decoder *d, int64_t frames, Network *n, const int16_t *shared, Py_ssize_t shared_width,
                        const uint8_t *feature, const Table *table, int64_t down, int8_t *symbols)
{
    int16_t *own = n->features; /* last frame, the one before */
    int32_t rows[SYMBOLS], places[SYMBOLS];
    memset(own, 0, CONTEXT_FRAMES * SYMBOLS * sizeof *own);
    for (int64_t frame = 0; frame < frames; frame++, shared += shared_width, symbols += SYMBOLS) {
        memcpy(own + CONTEXT_FRAMES * SYMBOLS, shared, shared_width * sizeof *own);
        run(n);
        for (int i = 0; i < SYMBOLS; i++)
            rows[i] = (int32_t)within(n->sums[i] - down, table->rows);
        int escape = table->alphabet - 1;
        if (decode_round(d, table, rows, SYMBOLS, MODULE_VALUES - escape, places))
            return DAMAGED;
        memcpy(own + SYMBOLS, own, SYMBOLS * sizeof *own);
        for (int i = 0; i < SYMBOLS; i++) {
            int symbol = from_zigzag(places[i] > escape ? places[i] - 1 : places[i]);
            symbols[i] = (int8_t)symbol;
            own[i] = feature[symbol < 0 ? -symbol : symbol];
        }
    }
    return 0;
}

/* decode_frames(payloads, network, shared, feature, frequencies, down, symbols) -> 0 or DAMAGED

   shared: int16 (B, F, S), what the network sees besides the module itself; feature: uint8 (128,); down: scale indices
   to go down; symbols: int8 (B, F, 320), where they are written as far as the blocks have frames. */
PyObject *decode_frames(PyObject *self, PyObject *arguments)
{
    Payloads payloads = {0};
    Network n = {0};
    Table table = {0};
    Py_buffer b[3] = {0}; /* shared, feature, symbols */
    long long down;
    PyObject *result = NULL;
    if (!PyArg_ParseTuple(arguments, "O&O&y*y*O&Lw*", read_payloads, &payloads, read_network, &n, b, b + 1, read_table,
                          &table, &down, b + 2))
        goto end;
    Py_ssize_t width = n.inputs - CONTEXT_FRAMES * SYMBOLS, all = payloads.blocks * payloads.frames;
    if (width < 0 || n.outputs != SYMBOLS || table.alphabet >= MODULE_VALUES || !table.rows
        || !is_size(b, all * width, 2) || !is_size(b + 1, MODULE_LIMIT + 1, 1) || !is_size(b + 2, all * SYMBOLS, 1)) {
        wrong_sizes();
        goto end;
    }
    int status = 0;
    for (Py_ssize_t block = 0; !status && block < payloads.blocks; block++) {
        Decoder d = begin(&payloads, block);
        Py_ssize_t first = block * payloads.frames;
        status = decode_block(&d, payloads.counts[block], &n, (int16_t *)b[0].buf + first * width, width, b[1].buf,
                              &table, down, (int8_t *)b[2].buf + first * SYMBOLS);
    }
    result = PyLong_FromLong(status);
end:
    free_network(&n);
    free_payloads(&payloads, &table);
    release(b, 3);
    return result;
}
