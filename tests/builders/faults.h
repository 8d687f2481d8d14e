/* What every library made for tests does as its folder says, which FAULTY_TOKEN names:
 *   faults  lines "FAULT VALUE"; without a line a fault is 0
 *   calls   gets a line for each call that is noted
 *   tries   the tries for the PIN that are left, where it counts them and has begun to
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static unsigned long fault(const char *name) {
    char path[4096], line[256], found[128];
    unsigned long value, result = 0;
    snprintf(path, sizeof path, "%s/faults", getenv("FAULTY_TOKEN"));
    FILE *file = fopen(path, "r");
    if (!file) return 0;
    while (fgets(line, sizeof line, file))
        if (sscanf(line, "%127s %lu", found, &value) == 2 && !strcmp(found, name)) result = value;
    fclose(file);
    return result;
}

static void append(const char *to, const char *text, int length) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", getenv("FAULTY_TOKEN"), to);
    FILE *file = fopen(path, "a");
    if (!file) return;
    fprintf(file, "%.*s\n", length, text);
    fclose(file);
}

static void note(const char *name) { append("calls", name, (int)strlen(name)); }

static void wait_for(const char *name) {
    unsigned long wait = fault(name);
    if (wait) nanosleep(&(struct timespec){wait / 1000, wait % 1000 * 1000000}, NULL);
}

static void crash(unsigned long here) {
    if (fault("crash") == here) abort();
}

/* The tries that are left; `now`: from now on so many, unless it is negative. Whenever the process is killed, there is one number. */
static long tries_left(long now) {
    char path[4096], part[4096];
    long left = (long)fault("tries");
    snprintf(path, sizeof path, "%s/tries", getenv("FAULTY_TOKEN"));
    snprintf(part, sizeof part, "%s/tries.part", getenv("FAULTY_TOKEN"));
    FILE *file = fopen(now < 0 ? path : part, now < 0 ? "r" : "w");
    if (!file) return left;
    if (now < 0) { if (fscanf(file, "%ld", &left) != 1) left = 0; }
    else fprintf(file, "%ld\n", left = now);
    fclose(file);
    if (now >= 0) rename(part, path); /* as a token does: whole or not at all, whatever is killed */
    return left;
}
