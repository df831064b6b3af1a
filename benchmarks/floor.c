/* The yardstick: a two-sided martingale ladder stepped candle by candle, with nothing around it. No engine, no orders, no
   margin, no decimals: the least that any program must do which looks at every candle. */
#include <stdint.h>

#define MAX_LEVELS 16

struct side {
    double sign;     /* +1 long, -1 short */
    double quantity; /* held */
    double cost;     /* sum of quantity x price, fees included */
    double next;     /* where the next level rests */
    double exit;     /* where the take-profit rests */
    int levels;      /* started */
};

struct rules {
    double step, profit, multiplier, base, maker;
    int levels;
};

static double level_quantity(const struct rules *rules, int level) {
    double quantity = rules->base;
    while (level-- > 0) quantity *= rules->multiplier;
    return quantity;
}

static void enter(struct side *side, const struct rules *rules, double price) {
    double quantity = level_quantity(rules, side->levels);
    side->quantity += quantity;
    side->cost += quantity * price * (1 + side->sign * rules->maker);
    side->levels++;
    side->next = price * (1 - side->sign * rules->step);
    side->exit = side->cost * (1 + side->sign * rules->profit) / side->quantity / (1 - side->sign * rules->maker);
}

/* Back in with all but two of the other side's levels, as the strategy does. Returns the fills. */
static int64_t reopen(struct side *side, const struct side *other, const struct rules *rules, double price) {
    int now = other->levels > 3 ? other->levels - 2 : 1;
    side->quantity = side->cost = 0;
    side->levels = 0;
    for (int level = 0; level < now; level++) enter(side, rules, price);
    return now;
}

/* The price runs from `from` to `to`; both sides' orders are met in the order of the way. Returns the fills. */
static int64_t run_leg(struct side *sides, const struct rules *rules, double from, double to) {
    int64_t fills = 0;
    for (;;) {
        struct side *met = 0;
        int is_exit = 0;
        double nearest = to;
        for (int index = 0; index < 2; index++) {
            struct side *side = &sides[index];
            double entry = side->levels < rules->levels ? side->next : 0;
            if (entry > 0 && (to > from ? entry < nearest && entry > from : entry > nearest && entry < from))
                nearest = entry, met = side, is_exit = 0;
            if (to > from ? side->exit < nearest && side->exit > from : side->exit > nearest && side->exit < from)
                nearest = side->exit, met = side, is_exit = 1;
        }
        if (!met) return fills;
        fills++;
        if (is_exit)
            fills += reopen(met, met == sides ? sides + 1 : sides, rules, nearest);
        else
            enter(met, rules, nearest);
        from = nearest;
    }
}

int64_t run(int64_t count, const double *open, const double *high, const double *low, const double *close, double step,
            double profit, double multiplier, int levels) {
    struct rules rules = {step, profit, multiplier, 1, 0.0002, levels < MAX_LEVELS ? levels : MAX_LEVELS};
    struct side sides[2] = {{.sign = 1}, {.sign = -1}};
    enter(&sides[0], &rules, open[0]);
    enter(&sides[1], &rules, open[0]);
    int64_t fills = 2;
    double price = open[0];
    for (int64_t index = 0; index < count; index++) {
        int high_first = high[index] - open[index] < open[index] - low[index];
        double first = high_first ? high[index] : low[index], second = high_first ? low[index] : high[index];
        fills += run_leg(sides, &rules, price, open[index]);
        fills += run_leg(sides, &rules, open[index], first);
        fills += run_leg(sides, &rules, first, second);
        fills += run_leg(sides, &rules, second, close[index]);
        price = close[index];
    }
    return fills;
}
