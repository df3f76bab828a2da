/* Payloads of nested modules, `bitstream.nested_payload`. */

#include "network.h"
#include "range_decoder.h"
#include <stdlib.h>
#include <string.h>

#define FRAME 320
#define SCALE_INDICES 64
#define CONTEXT_SIZES 4
#define SLOPE_BITS 12
#define INDEX_FACTOR 4
#define FAMILIES (2 + CONTEXT_SIZES - 1) /* of rows: what is fresh, what was 0 below, what was 1, 2, 3 and more */

static int size_of(int symbol)
{
    return symbol < 0 ? -symbol : symbol;
}

static int16_t feature_of(const uint8_t *feature, int symbol)
{
    int size = size_of(symbol);
    return feature[size < MODULE_LIMIT ? size : MODULE_LIMIT];
}

static int decode_block_first(Decoder *d, int64_t code_frames, Network *n, const int16_t *side, Py_ssize_t side_width,
                              const uint8_t *feature, const Table *table, int64_t down, Py_ssize_t hop, int8_t *sent,
                              int16_t *symbols, uint8_t *indices)
{
    const Py_ssize_t N = n->outputs;
    int32_t rows[FRAME], places[FRAME];
    int16_t *before = n->features, *older = before + N;
    memset(before, 0, 2 * N * sizeof *before);
    for (int64_t k = 0; k < code_frames; k++, side += side_width, sent += hop, symbols += N, indices += N) {
        memcpy(older + N, side, side_width * sizeof *side);
        run(n);
        for (Py_ssize_t i = 0; i < N; i++) {
            indices[i] = (uint8_t)within(n->sums[i], SCALE_INDICES);
            rows[i] = (int32_t)within(n->sums[i] - down, SCALE_INDICES);
        }
        if (decode_round(d, table, rows, N, MODULE_VALUES, places))
            return DAMAGED;
        memcpy(older, before, N * sizeof *before);
        for (Py_ssize_t i = 0; i < N; i++) {
            int place = places[i] < table->alphabet ? places[i] : places[i] - table->alphabet;
            symbols[i] = (int16_t)from_zigzag(place);
            sent[i] = (int8_t)symbols[i];
            before[i] = feature_of(feature, symbols[i]);
        }
    }
    return 0;
}

/* decode_first(payloads, per_frame, network, side, feature, frequencies, down, sent, symbols, indices)
   -> 0 or DAMAGED

   per_frame: code frames of a frame; side: int16 (B, K, S), what the network sees besides the module itself; feature:
   uint8 (128,); down: scale indices to go down; sent: int8 (B, K, hop); symbols and indices: int16 and uint8 (B, K, N).
   All three are written as far as the blocks have frames. */
PyObject *decode_first(PyObject *self, PyObject *arguments)
{
    Payloads payloads = {0};
    Network n = {0};
    Table table = {0};
    Py_buffer b[5] = {0}; /* side, feature, sent, symbols, indices */
    Py_ssize_t per_frame;
    long long down;
    PyObject *result = NULL;
    if (!PyArg_ParseTuple(arguments, "O&nO&y*y*O&Lw*w*w*", read_payloads, &payloads, &per_frame, read_network, &n, b,
                          b + 1, read_table, &table, &down, b + 2, b + 3, b + 4))
        goto end;
    Py_ssize_t hop = per_frame > 0 ? FRAME / per_frame : 0, width = n.inputs - 2 * n.outputs;
    Py_ssize_t most = payloads.frames * per_frame, all = payloads.blocks * most;
    if (hop < n.outputs || width < 0 || table.rows != FAMILIES * SCALE_INDICES || !is_size(b, all * width, 2)
        || !is_size(b + 1, MODULE_LIMIT + 1, 1) || !is_size(b + 2, all * hop, 1) || !is_size(b + 3, all * n.outputs, 2)
        || !is_size(b + 4, all * n.outputs, 1)) {
        wrong_sizes();
        goto end;
    }
    int status = 0;
    for (Py_ssize_t block = 0; !status && block < payloads.blocks; block++) {
        Decoder d = begin(&payloads, block);
        Py_ssize_t first = block * most;
        status = decode_block_first(&d, payloads.counts[block] * per_frame, &n, (int16_t *)b[0].buf + first * width,
                                    width, b[1].buf, &table, down, hop, (int8_t *)b[2].buf + first * hop,
                                    (int16_t *)b[3].buf + first * n.outputs, (uint8_t *)b[4].buf + first * n.outputs);
    }
    result = PyLong_FromLong(status);
end:
    free_network(&n);
    free_payloads(&payloads, &table);
    release(b, 5);
    return result;
}

/* How a later module is coded that sends N coefficients, and the module below M. */
typedef struct {
    Network network;
    Py_buffer buffers[3];
    const int16_t *slope;   /* (4, M) */
    const int32_t *shift;   /* (4, M) */
    const uint8_t *feature; /* (128,) */
    Py_ssize_t before, coded, side;
    long long down; /* scale indices */
} Refinement;

/* "O&" of PyArg_ParseTuple: (network, slope, shift, feature, down). */
static int read_refinement(PyObject *arrays, void *refinement)
{
    Refinement *r = refinement;
    Py_buffer *b = r->buffers;
    if (!PyArg_ParseTuple(arrays, "O&y*y*y*L", read_network, &r->network, b, b + 1, b + 2, &r->down))
        return 0;
    r->slope = b[0].buf, r->shift = b[1].buf, r->feature = b[2].buf;
    r->before = b[0].len / 2 / CONTEXT_SIZES;
    r->coded = r->network.outputs - r->before;
    r->side = r->network.inputs - 4 * r->before;
    if (r->coded < r->before || r->side < 0 || !is_size(b, CONTEXT_SIZES * r->before, 2)
        || !is_size(b + 1, CONTEXT_SIZES * r->before, 4) || !is_size(b + 2, MODULE_LIMIT + 1, 1)) {
        wrong_sizes();
        return 0;
    }
    return 1;
}

static void free_refinement(Refinement *r)
{
    free_network(&r->network);
    release(r->buffers, 3);
}

/* Code frame k of so many: lower int16 (K, M), index uint8 (K, M), side int16 (S,) -> rows (N,), indices (N,). */
static void choose_rows(Refinement *r, int64_t k, int64_t code_frames, const int16_t *lower, const uint8_t *index,
                        const int16_t *side, int32_t *rows, uint8_t *indices)
{
    const Py_ssize_t M = r->before, N = r->coded;
    int16_t *near = r->network.features;
    lower += k * M, index += k * M;
    for (Py_ssize_t i = 0; i < M; i++) {
        near[i] = feature_of(r->feature, lower[i]);
        near[M + i] = k ? feature_of(r->feature, lower[i - M]) : 0;
        near[2 * M + i] = k + 1 < code_frames ? feature_of(r->feature, lower[i + M]) : 0;
        near[3 * M + i] = INDEX_FACTOR * index[i];
    }
    memcpy(near + 4 * M, side, r->side * sizeof *side);
    run(&r->network);
    const int64_t *out = r->network.sums;
    for (Py_ssize_t i = 0; i < M; i++) {
        int size = size_of(lower[i]);
        size = size < CONTEXT_SIZES ? size : CONTEXT_SIZES - 1;
        int64_t follow = (int64_t)r->shift[size * M + i] + r->slope[size * M + i] * index[i];
        int64_t own = out[size ? N + i : i] + ((follow + (1 << (SLOPE_BITS - 1))) >> SLOPE_BITS);
        rows[i] = (int32_t)(SCALE_INDICES * (1 + size) + within(own - r->down, SCALE_INDICES));
        indices[i] = index[i];
    }
    for (Py_ssize_t i = M; i < N; i++) {
        rows[i] = (int32_t)within(out[i] - r->down, SCALE_INDICES);
        indices[i] = (uint8_t)within(out[i], SCALE_INDICES);
    }
}

/* refinement_rows(refinement, lower, index, side, rows, indices)

   lower int16 and index uint8 (K, M), side int16 (K, S) -> rows int64 and indices uint8 (K, N). */
PyObject *refinement_rows(PyObject *self, PyObject *arguments)
{
    Refinement r = {0};
    Py_buffer b[5] = {0}; /* lower, index, side, rows, indices */
    int32_t *chosen = NULL;
    PyObject *result = NULL;
    if (!PyArg_ParseTuple(arguments, "O&y*y*y*w*w*", read_refinement, &r, b, b + 1, b + 2, b + 3, b + 4))
        goto end;
    Py_ssize_t count = b[4].len / r.coded;
    if (!is_size(b, count * r.before, 2) || !is_size(b + 1, count * r.before, 1) || !is_size(b + 2, count * r.side, 2)
        || !is_size(b + 3, count * r.coded, 8) || !is_size(b + 4, count * r.coded, 1)) {
        wrong_sizes();
        goto end;
    }
    if (!(chosen = malloc(r.coded * sizeof *chosen))) {
        PyErr_NoMemory();
        goto end;
    }
    int64_t *rows = b[3].buf;
    for (Py_ssize_t k = 0; k < count; k++) {
        choose_rows(&r, k, count, b[0].buf, b[1].buf, (int16_t *)b[2].buf + k * r.side, chosen,
                    (uint8_t *)b[4].buf + k * r.coded);
        for (Py_ssize_t i = 0; i < r.coded; i++)
            *rows++ = chosen[i];
    }
    result = Py_NewRef(Py_None);
end:
    free(chosen);
    free_refinement(&r);
    release(b, 5);
    return result;
}

typedef struct {
    const int16_t *lower, *side;
    const uint8_t *index;
    int8_t *sent;
    int16_t *symbols;
    uint8_t *indices;
} Block;

/* All symbols of a block are one round; rows and places (K N,) are room to work in. */
static int decode_block(Decoder *d, int64_t code_frames, Refinement *r, const Block *b, const Table *table,
                        Py_ssize_t hop, int32_t *rows, int32_t *places)
{
    const Py_ssize_t M = r->before, N = r->coded;
    for (int64_t k = 0; k < code_frames; k++)
        choose_rows(r, k, code_frames, b->lower, b->index, b->side + k * r->side, rows + k * N, b->indices + k * N);
    if (decode_round(d, table, rows, code_frames * N, MODULE_VALUES, places))
        return DAMAGED;
    for (int64_t k = 0; k < code_frames; k++, places += N) {
        const int16_t *lower = b->lower + k * M;
        int16_t *symbols = b->symbols + k * N;
        int8_t *sent = b->sent + k * hop;
        for (Py_ssize_t i = 0; i < N; i++) {
            int below = i < M ? lower[i] : 0, place = places[i];
            if (i < M && place > (below ? 1 : 2))
                return IMPOSSIBLE;
            int value = below ? place : from_zigzag(place < table->alphabet ? place : place - table->alphabet);
            sent[i] = (int8_t)value;
            symbols[i] = (int16_t)(2 * below + (below < 0 ? -value : value));
        }
    }
    return 0;
}

/* decode_refinement(payloads, per_frame, refinement, lower, index, side, frequencies, sent, symbols, indices)
   -> 0, DAMAGED or IMPOSSIBLE

   Arrays as for decode_first: lower and index (B, K, M); sent, symbols and indices are written. */
PyObject *decode_refinement(PyObject *self, PyObject *arguments)
{
    Payloads payloads = {0};
    Refinement r = {0};
    Table table = {0};
    Py_buffer b[6] = {0}; /* lower, index, side, sent, symbols, indices */
    Py_ssize_t per_frame;
    int32_t *room = NULL;
    PyObject *result = NULL;
    if (!PyArg_ParseTuple(arguments, "O&nO&y*y*y*O&w*w*w*", read_payloads, &payloads, &per_frame, read_refinement, &r,
                          b, b + 1, b + 2, read_table, &table, b + 3, b + 4, b + 5))
        goto end;
    Py_ssize_t hop = per_frame > 0 ? FRAME / per_frame : 0;
    Py_ssize_t most = payloads.frames * per_frame, all = payloads.blocks * most;
    if (hop < r.coded || table.rows != FAMILIES * SCALE_INDICES || table.alphabet < CONTEXT_SIZES
        || !is_size(b, all * r.before, 2) || !is_size(b + 1, all * r.before, 1) || !is_size(b + 2, all * r.side, 2)
        || !is_size(b + 3, all * hop, 1) || !is_size(b + 4, all * r.coded, 2) || !is_size(b + 5, all * r.coded, 1)) {
        wrong_sizes();
        goto end;
    }
    if (!(room = malloc(2 * most * r.coded * sizeof *room + 1))) {
        PyErr_NoMemory();
        goto end;
    }
    int status = 0;
    for (Py_ssize_t block = 0; !status && block < payloads.blocks; block++) {
        Decoder d = begin(&payloads, block);
        Py_ssize_t first = block * most;
        Block arrays = {(int16_t *)b[0].buf + first * r.before, (int16_t *)b[2].buf + first * r.side,
                        (uint8_t *)b[1].buf + first * r.before, (int8_t *)b[3].buf + first * hop,
                        (int16_t *)b[4].buf + first * r.coded, (uint8_t *)b[5].buf + first * r.coded};
        status = decode_block(&d, payloads.counts[block] * per_frame, &r, &arrays, &table, hop, room,
                              room + most * r.coded);
    }
    result = PyLong_FromLong(status);
end:
    free(room);
    free_refinement(&r);
    free_payloads(&payloads, &table);
    release(b, 6);
    return result;
}
