/* A machine whose time runs faster: what is loaded before libc makes each second of CEBD_CLOCK_SPEED many, counted from CEBD_CLOCK_FROM
 * (seconds of the monotonic clock), for whoever asks the time and for whoever waits until a time. The seconds in the file
 * CEBD_CLOCK_STEP are added to the wall clock besides, as where it is set wrong.
 *
 *     cc -shared -fPIC -O1 -o fast_clock.so fast_clock.c -ldl
 *     LD_PRELOAD=./fast_clock.so CEBD_CLOCK_SPEED=30 CEBD_CLOCK_FROM=1234 CEBD_CLOCK_STEP=FILE program
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

typedef long long ns;
#define SECOND 1000000000LL

static ns number(const char *name, ns otherwise)
{
    const char *text = getenv(name);
    return text ? atoll(text) : otherwise;
}

static ns speed(void)
{
    static ns known;
    return known ? known : (known = number("CEBD_CLOCK_SPEED", 1));
}

static ns from(void)
{
    static ns known;
    return known ? known : (known = number("CEBD_CLOCK_FROM", 0) * SECOND);
}

/* As libc tells it: where the kernel is a sandbox's, the system call may tell another time. */
static int libc_clock(clockid_t which, struct timespec *now)
{
    static int (*next)(clockid_t, struct timespec *);
    if (!next)
        next = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    return next(which, now);
}

static ns real(clockid_t which)
{
    struct timespec now;
    libc_clock(which, &now);
    return now.tv_sec * SECOND + now.tv_nsec;
}

static ns step(void)
{
    char text[32] = "";
    const char *path = getenv("CEBD_CLOCK_STEP");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file >= 0) {
        if (read(file, text, sizeof text - 1) < 0)
            text[0] = 0;
        close(file);
    }
    return atoll(text) * SECOND;
}

static ns ahead(void) { return (real(CLOCK_MONOTONIC) - from()) * (speed() - 1); }

static int is_wall(clockid_t which) { return which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE; }

static int is_told(clockid_t which)
{
    return is_wall(which) || which == CLOCK_MONOTONIC || which == CLOCK_MONOTONIC_COARSE || which == CLOCK_BOOTTIME;
}

static struct timespec parts(ns time)
{
    if (time < 0)
        time = 0;
    return (struct timespec){time / SECOND, time % SECOND};
}

/* When it really is that time of the clock as it is told. */
static struct timespec really(clockid_t which, const struct timespec *until)
{
    ns told = until->tv_sec * SECOND + until->tv_nsec, now = real(which);
    return parts(now + (told - now - ahead() - (is_wall(which) ? step() : 0)) / speed());
}

int clock_gettime(clockid_t which, struct timespec *now)
{
    int failed = libc_clock(which, now);
    if (!failed && is_told(which))
        *now = parts(now->tv_sec * SECOND + now->tv_nsec + ahead() + (is_wall(which) ? step() : 0));
    return failed;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    struct timespec exact;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &exact);
    now->tv_sec = exact.tv_sec;
    now->tv_usec = exact.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *to)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (to)
        *to = now.tv_sec;
    return now.tv_sec;
}

int sem_clockwait(sem_t *restrict sem, clockid_t which, const struct timespec *restrict until)
{
    static int (*next)(sem_t *, clockid_t, const struct timespec *);
    struct timespec end = really(which, until);
    if (!next)
        next = (int (*)(sem_t *, clockid_t, const struct timespec *))dlsym(RTLD_NEXT, "sem_clockwait");
    return next(sem, which, &end);
}

int sem_timedwait(sem_t *restrict sem, const struct timespec *restrict until)
{
    return sem_clockwait(sem, CLOCK_REALTIME, until);
}

int clock_nanosleep(clockid_t which, int flags, const struct timespec *wanted, struct timespec *left)
{
    struct timespec end = flags & TIMER_ABSTIME ? really(which, wanted)
                                                : parts((wanted->tv_sec * SECOND + wanted->tv_nsec) / speed());
    static int (*next)(clockid_t, int, const struct timespec *, struct timespec *);
    if (!next)
        next = (int (*)(clockid_t, int, const struct timespec *, struct timespec *))dlsym(RTLD_NEXT, "clock_nanosleep");
    return next(which, flags, &end, left);
}
