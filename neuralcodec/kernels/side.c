/* The payload of the side information, `bitstream.side_payload`. */

#include "network.h"
#include "range_decoder.h"
#include <string.h>

#define SIDE 18
#define STAGES 2
#define STAGE (SIDE / STAGES)
#define SIDE_LIMIT 31
#define SIDE_VALUES (2 * SIDE_LIMIT + 1)
#define SIDE_FACTOR 8

static int decode_block(Decoder *d, int64_t frames, Network *networks, const Table *table, int64_t *side)
{
    int16_t features[2 * SIDE + STAGE] = {0}; /* last frame, the one before, stage A */
    int64_t nothing[SIDE] = {0}, *previous = nothing;
    for (int64_t frame = 0; frame < frames; frame++, previous = side, side += SIDE) {
        for (int stage = 0; stage < STAGES; stage++) {
            Network *n = networks + stage;
            int32_t rows[STAGE], places[STAGE], centers[STAGE];
            memcpy(n->features, features, n->inputs * sizeof *features);
            run(n);
            for (int i = 0; i < STAGE; i++) {
                int64_t mean = FRACTIONS * previous[STAGES * i + stage] + n->sums[i];
                int64_t scale_index = within(n->sums[STAGE + i], table->rows / FRACTIONS);
                centers[i] = (int32_t)(mean >> 3);
                rows[i] = (int32_t)(FRACTIONS * scale_index + (mean & (FRACTIONS - 1)));
            }
            if (decode_round(d, table, rows, STAGE, SIDE_VALUES, places))
                return DAMAGED;
            for (int i = 0; i < STAGE; i++) {
                int symbol = places[i] < table->alphabet ? from_zigzag(places[i]) + centers[i]
                                                         : from_zigzag(places[i] - table->alphabet);
                if (symbol < -SIDE_LIMIT || symbol > SIDE_LIMIT)
                    return IMPOSSIBLE;
                side[STAGES * i + stage] = symbol;
                features[2 * SIDE + i] = (int16_t)(SIDE_FACTOR * symbol);
            }
        }
        memcpy(features + SIDE, features, SIDE * sizeof *features);
        for (int i = 0; i < SIDE; i++)
            features[i] = (int16_t)(SIDE_FACTOR * side[i]);
    }
    return 0;
}

/* decode_side(payloads, network, network, frequencies, side) -> 0, DAMAGED or IMPOSSIBLE

   side: int64 (B, F, 18), where it is written as far as the blocks have frames. */
PyObject *decode_side(PyObject *self, PyObject *arguments)
{
    Payloads payloads = {0};
    Network networks[STAGES] = {0};
    Table table = {0};
    Py_buffer side = {0};
    PyObject *result = NULL;
    if (!PyArg_ParseTuple(arguments, "O&O&O&O&w*", read_payloads, &payloads, read_network, networks, read_network,
                          networks + 1, read_table, &table, &side))
        goto end;
    int fits = is_size(&side, payloads.blocks * payloads.frames * SIDE, 8) && table.rows % FRACTIONS == 0
        && table.rows > 0;
    for (int stage = 0; stage < STAGES; stage++)
        fits = fits && networks[stage].inputs == 2 * SIDE + stage * STAGE && networks[stage].outputs == SIDE;
    if (!fits) {
        wrong_sizes();
        goto end;
    }
    int status = 0;
    for (Py_ssize_t block = 0; !status && block < payloads.blocks; block++) {
        Decoder d = begin(&payloads, block);
        status = decode_block(&d, payloads.counts[block], networks, &table,
                              (int64_t *)side.buf + block * payloads.frames * SIDE);
    }
    result = PyLong_FromLong(status);
end:
    free_network(networks);
    free_network(networks + 1);
    free_payloads(&payloads, &table);
    PyBuffer_Release(&side);
    return result;
}
