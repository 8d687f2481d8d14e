/* An SKF library (GM/T 0016) for tests: its devices are folders, its keys sign by the library of OpenSSL, and it fails where it is told to.
 *
 * FAULTY_TOKEN names a folder, see faults.h; beside what stands there it has
 *   devices/NAME/APPLICATION/CONTAINER/   a container: secret (SM2, 32 bytes) or key.pem (RSA), certificate (DER)
 *   devices/NAME/.serial .label           what the device says of itself
 *   devices/NAME/.taken                   with it, another program has the device alone
 *   devices/NAME/APPLICATION/.pin         its PIN
 *   failed                                gets a line for each login that the device counted as failed: the PIN
 * and these faults, each the code to answer with: sign, login, lock, info, open (of SKF_ConnectDev); gone: all that is asked of a device;
 *   hang, hang_open, hang_login: milliseconds that a signature, SKF_EnumDev, an answered login takes;
 *   crash: in which function it ends its process: 1 a signature, 2 a login before the PIN is looked at, 3 behind it, 4 SKF_EnumDev;
 *   wrong_pin: the code that stands in for PIN INCORRECT;
 *   tries: it counts wrong PINs and locks after so many; lies: 1 SKF_GetPINInfo says that none was used, 2 it is not supported, 3 all zero;
 *   stale: it lists for ever what was there when it was asked first, and a device that was away does not come back for it;
 *   wrong: signatures of another text; short: r[32] and s[32] in the place of r[64] and s[64]; digest: RSA signs a SHA-1 digest alone;
 *   slept: a number; when it changes, what was connected before signs no more, as behind the sleep of a machine;
 *   noise: it prints to both streams and leaves a process behind that keeps them open
 *
 * Compile with -DULONG="unsigned int" or "unsigned long", link libcrypto.so.3. With -DBARE it lacks what
 * makers leave out: SKF_GetDevInfo, SKF_LockDev, SKF_UnlockDev, SKF_GetPINInfo, SKF_ClearSecureState.
 */
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "faults.h"
#include "folders.h"
#include "rsa_of_openssl.h"
#include "sm2_of_openssl.h"

typedef unsigned char byte;
typedef struct { char path[3072]; int is_lost, is_logged_in; } object; /* a device, an application, a container */
enum { IN_SIGN = 1, BEFORE_LOGIN, BEHIND_LOGIN, IN_ENUM };
enum { FAIL = 0x0A000001, NOT_SUPPORTED = 0x0A000003, INVALID_HANDLE = 0x0A000005, DATA_LENGTH = 0x0A000010, NO_CERTIFICATE = 0x0A00001C, TOO_SMALL = 0x0A000020,
       REMOVED = 0x0A000023, PIN_INCORRECT = 0x0A000024, PIN_LOCKED = 0x0A000025, NOT_LOGGED_IN = 0x0A00002D, NO_APPLICATION = 0x0A00002E };

/* Of the device whose path the object's begins with: whether it is still there. */
static ULONG lost(object *of) {
    char device[3072];
    if (!of) return INVALID_HANDLE;
    if (fault("gone")) return fault("gone");
    snprintf(device, sizeof device, "%s", of->path);
    char *name = strstr(device, "/devices/") + 9, *end = strchr(name, '/');
    if (end) *end = 0;
    static int was_away;
    if (access(device, F_OK)) of->is_lost = was_away = 1;
    return of->is_lost || (was_away && fault("stale")) ? REMOVED : 0;
}

static object *made(const char *in, const char *name) {
    object *now = calloc(1, sizeof *now);
    snprintf(now->path, sizeof now->path, "%s/%s", in, name);
    return now;
}

/* The names of the folders there, each ended by a zero, and one more. */
static ULONG names(const char *folder, char *list, ULONG *size) {
    char found[4096] = {0};
    size_t at = 0;
    DIR *open = opendir(folder);
    for (struct dirent *one; open && (one = readdir(open));) {
        if (one->d_name[0] == '.') continue;
        strcpy(found + at, one->d_name);
        at += strlen(one->d_name) + 1;
    }
    if (open) closedir(open);
    at += 1;
    if (list && *size < at) return TOO_SMALL;
    if (list) memcpy(list, found, at);
    *size = at;
    return 0;
}

static void devices(char *path, size_t size) { snprintf(path, size, "%s/devices", getenv("FAULTY_TOKEN")); }

ULONG SKF_EnumDev(int present, char *list, ULONG *size) {
    char path[3072];
    note("enum");
    crash(IN_ENUM);
    wait_for("hang_open");
    make_noise();
    devices(path, sizeof path);
    if (fault("gone")) strcpy(path, "/nowhere");
    if (!fault("stale")) return names(path, list, size);
    static char first[4096];
    static ULONG length;
    if (!length) { length = sizeof first; names(path, first, &length); }
    if (list && *size < length) return TOO_SMALL;
    if (list) memcpy(list, first, length);
    *size = length;
    return 0;
}

static unsigned long awake;

ULONG SKF_ConnectDev(const char *name, void **device) {
    char path[3072];
    note("connect");
    awake = fault("slept");
    devices(path, sizeof path);
    *device = made(path, name);
    if (content(((object *)*device)->path, ".taken", path, 1)) return FAIL;
    return fault("open") ? fault("open") : lost(*device);
}

ULONG SKF_DisConnectDev(object *device) { note("disconnect"); return lost(device); }

#ifndef BARE
ULONG SKF_GetDevInfo(object *device, byte *info) {
    ULONG code = fault("info") ? fault("info") : lost(device);
    if (code) return code;
    info[0] = 1; /* the version */
    strcpy((char *)info + 2, "Example Maker");
    memset(info + 2 + 64 + 64, 0, 64);
    content(device->path, ".label", info + 2 + 64 + 64, 32);
    content(device->path, ".serial", info + 2 + 64 + 64 + 32, 32);
    return 0;
}

ULONG SKF_LockDev(object *device, ULONG milliseconds) { return fault("lock") ? fault("lock") : lost(device); }
ULONG SKF_UnlockDev(object *device) { return lost(device); }
#endif

ULONG SKF_EnumApplication(object *device, char *list, ULONG *size) {
    ULONG code = lost(device);
    return code ? code : names(device->path, list, size);
}

ULONG SKF_OpenApplication(object *device, const char *name, void **application) {
    ULONG code = lost(device);
    if (code) return code;
    *application = made(device->path, name);
    return access(((object *)*application)->path, F_OK) ? NO_APPLICATION : 0;
}

#ifndef BARE
ULONG SKF_ClearSecureState(object *application) { application->is_logged_in = 0; return 0; }
#endif

ULONG SKF_CloseApplication(object *application) { return lost(application); }

#ifndef BARE
ULONG SKF_GetPINInfo(object *application, ULONG type, ULONG *most, ULONG *left, ULONG *is_default) {
    ULONG code = lost(application), all = fault("tries") ? fault("tries") : 10, lies = fault("lies");
    if (code) return code;
    if (lies == 2) return NOT_SUPPORTED;
    *most = lies == 3 ? 0 : all;
    *left = lies == 3 ? 0 : lies == 1 || !fault("tries") ? all : (ULONG)tries_left(-1);
    *is_default = 0;
    return 0;
}
#endif

ULONG SKF_VerifyPIN(object *application, ULONG type, const char *pin, ULONG *left) {
    char right[64] = {0};
    note("login");
    ULONG code = fault("login") ? fault("login") : lost(application);
    if (code) return code;
    crash(BEFORE_LOGIN);
    if (fault("tries") && tries_left(-1) == 0) return PIN_LOCKED;
    content(application->path, ".pin", right, sizeof right - 1);
    if (strcmp(right, pin)) {
        append("failed", pin, (int)strlen(pin));
        if (fault("tries")) *left = tries_left(tries_left(-1) - 1);
        code = fault("wrong_pin") ? fault("wrong_pin") : PIN_INCORRECT;
    } else {
        application->is_logged_in = 1;
        if (fault("tries")) tries_left((long)fault("tries"));
    }
    crash(BEHIND_LOGIN);
    wait_for("hang_login");
    return code;
}

static object *of_container[64], *containers[64]; /* the application of each */

ULONG SKF_EnumContainer(object *application, char *list, ULONG *size) {
    ULONG code = lost(application);
    return code ? code : names(application->path, list, size);
}

ULONG SKF_OpenContainer(object *application, const char *name, void **container) {
    static int next;
    ULONG code = lost(application);
    if (code) return code;
    *container = containers[next % 64] = made(application->path, name);
    of_container[next++ % 64] = application;
    return 0;
}

ULONG SKF_CloseContainer(object *container) { return lost(container); }

ULONG SKF_ExportCertificate(object *container, int is_for_signatures, byte *into, ULONG *size) {
    byte found[8192];
    ULONG code = lost(container);
    if (code) return code;
    size_t length = is_for_signatures ? content(container->path, "certificate", found, sizeof found) : 0;
    if (!length) return NO_CERTIFICATE;
    if (into && *size < length) return TOO_SMALL;
    if (into) memcpy(into, found, length);
    *size = length;
    return 0;
}

static ULONG may_sign(object *container) {
    note("sign");
    crash(IN_SIGN);
    wait_for("hang");
    ULONG code = fault("sign") ? fault("sign") : lost(container);
    if (code) return code;
    if (fault("slept") != awake) return INVALID_HANDLE;
    for (int at = 0; at < 64; at++)
        if (containers[at] == container && of_container[at]->is_logged_in) return 0;
    return FAIL; /* as many answer */
}

ULONG SKF_ECCSignData(object *container, const byte *data, ULONG length, byte *fields) {
    byte secret[32], digest[32], raw[64];
    ULONG code = may_sign(container);
    if (code) return code;
    if (length != 32) return DATA_LENGTH;
    if (content(container->path, "secret", secret, 32) != 32) return FAIL;
    memcpy(digest, data, 32);
    if (fault("wrong")) digest[0] ^= 1;
    sm2_sign_digest(secret, digest, raw);
    if (fault("short")) { memcpy(fields, raw, 64); return 0; }
    memset(fields, 0, 128);
    memcpy(fields + 32, raw, 32);
    memcpy(fields + 96, raw + 32, 32);
    return 0;
}

ULONG SKF_RSASignData(object *container, const byte *data, ULONG length, byte *value, ULONG *size) {
    static const byte info[] = {0x30, 0x21, 0x30, 9, 6, 5, 0x2b, 0x0e, 3, 2, 0x1a, 5, 0, 4, 0x14};
    byte told[64];
    char path[4096];
    ULONG code = may_sign(container);
    if (code) return code;
    if (length > sizeof told || (fault("digest") && length != 20)) return DATA_LENGTH;
    size_t at = fault("digest") ? sizeof info : 0;
    memcpy(told, info, at);
    memcpy(told + at, data, length);
    if (fault("wrong")) told[at + length - 1] ^= 1;
    snprintf(path, sizeof path, "%s/key.pem", container->path);
    size_t made = rsa_sign(path, RSA_PKCS1, told, at + length, value, *size);
    *size = made;
    return made ? 0 : FAIL;
}
