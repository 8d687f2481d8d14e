/* An SDF library (GM/T 0018) for tests: its machine is a folder, its keys sign by the library of OpenSSL, and it fails where it is told to.
 *
 * The file machine.ini, which it looks for in the folder of the process, names the machine's folder:
 *   KEY/          a key by its number: secret (SM2, 32 bytes) or key.pem (RSA), and .password, where it wants one
 *   .serial       the machine's serial number
 * FAULTY_TOKEN names a folder, see faults.h; beside what stands there it gets
 *   failed        a line for each password that the machine counted as wrong
 * and these faults, each the code to answer with: sign, login, info, open (of SDF_OpenSession); gone: all that is asked of the machine;
 *   hang, hang_open, hang_login: milliseconds that a signature, SDF_OpenSession, an answered password takes;
 *   crash: in which function it ends its process: 1 a signature, 2 a login before the password is looked at, 3 behind it, 4 SDF_OpenSession;
 *   behind: so many numbers stand before those of the keys where a password is shown;
 *   tries: it counts wrong passwords, tells nobody, and locks after so many; wrong: signatures of another text;
 *   short: r[32] and s[32] in the place of r[64] and s[64]; noise: it prints to both streams and leaves a process behind that keeps them open
 *
 * Link libcrypto.so.3. With -DALGORITHM=NUMBER an SM2 signature wants that number as one more argument.
 */
#include <unistd.h>

#include "faults.h"
#include "folders.h"
#include "rsa_of_openssl.h"
#include "sm2_of_openssl.h"

typedef unsigned char byte;
typedef struct { char machine[3072]; int is_lost; unsigned int right_to; } session;
enum { IN_SIGN = 1, BEFORE_LOGIN, BEHIND_LOGIN, IN_OPEN };
enum { COMMUNICATION = 0x01000003, OPEN_DEVICE = 0x01000005, NO_RIGHT = 0x01000007, NO_KEY = 0x01000008, NO_ALGORITHM = 0x01000009, SIGNATURE = 0x0100000D,
       KEY_TYPE = 0x01000014, REFUSED = 0x01000018, ARGUMENT = 0x0100001D };

static int lost(session *of) {
    if (fault("gone")) return fault("gone");
    if (access(of->machine, F_OK)) of->is_lost = 1;
    return of->is_lost ? COMMUNICATION : 0;
}

int SDF_OpenDevice(void **device) {
    session *made = calloc(1, sizeof *made);
    make_noise();
    content(".", "machine.ini", made->machine, sizeof made->machine - 1);
    if (fault("gone")) return fault("gone");
    if (!*made->machine || access(made->machine, F_OK)) return OPEN_DEVICE;
    *device = made;
    return 0;
}

int SDF_CloseDevice(session *device) { return lost(device); }

int SDF_OpenSession(session *device, void **opened) {
    note("open");
    crash(IN_OPEN);
    wait_for("hang_open");
    if (fault("open")) return fault("open");
    session *made = calloc(1, sizeof *made);
    *made = *device;
    *opened = made;
    return lost(made);
}

int SDF_CloseSession(session *open) { note("close"); return lost(open); }

int SDF_GetDeviceInfo(session *open, byte *info) {
    int code = fault("info") ? (int)fault("info") : lost(open);
    if (code) return code;
    memset(info, 0, 72);
    strcpy((char *)info, "Example Maker");
    strcpy((char *)info + 40, "SM-1");
    content(open->machine, ".serial", info + 56, 16);
    return 0;
}

static void place(session *open, unsigned int key, char *into, size_t size) { snprintf(into, size, "%s/%u", open->machine, key); }

int SDF_GetPrivateKeyAccessRight(session *open, unsigned int key, const char *password, unsigned int length) {
    key -= (unsigned int)fault("behind");
    char path[4000], right[64] = {0};
    note("login");
    int code = fault("login") ? (int)fault("login") : lost(open);
    if (code) return code;
    crash(BEFORE_LOGIN);
    place(open, key, path, sizeof path);
    if (access(path, F_OK)) return NO_KEY;
    if (fault("tries") && tries_left(-1) == 0) return REFUSED;
    content(path, ".password", right, sizeof right - 1);
    if (strlen(right) != length || memcmp(right, password, length)) {
        append("failed", password, (int)length);
        if (fault("tries")) tries_left(tries_left(-1) - 1);
        code = REFUSED;
    } else {
        open->right_to = key;
        if (fault("tries")) tries_left((long)fault("tries"));
    }
    crash(BEHIND_LOGIN);
    wait_for("hang_login");
    return code;
}

int SDF_ReleasePrivateKeyAccessRight(session *open, unsigned int key) {
    open->right_to = 0;
    return lost(open);
}

static int may_sign(session *open, unsigned int key, char *path, size_t size) {
    char password[64];
    note("sign");
    crash(IN_SIGN);
    wait_for("hang");
    int code = fault("sign") ? (int)fault("sign") : lost(open);
    if (code) return code;
    place(open, key, path, size);
    if (access(path, F_OK)) return NO_KEY;
    return content(path, ".password", password, sizeof password) && open->right_to != key ? NO_RIGHT : 0;
}

int SDF_InternalSign_ECC(session *open, unsigned int key,
#ifdef ALGORITHM
                         unsigned int algorithm,
#endif
                         const byte *data, unsigned int length, byte *fields) {
    byte secret[32], digest[32], raw[64];
    char path[4000];
#ifdef ALGORITHM
    if (algorithm != ALGORITHM) return NO_ALGORITHM;
#endif
    int code = may_sign(open, key, path, sizeof path);
    if (code) return code;
    if (length != 32) return ARGUMENT;
    if (content(path, "secret", secret, 32) != 32) return KEY_TYPE;
    memcpy(digest, data, 32);
    if (fault("wrong")) digest[0] ^= 1;
    sm2_sign_digest(secret, digest, raw);
    if (fault("short")) { memcpy(fields, raw, 64); return 0; }
    memset(fields, 0, 128);
    memcpy(fields + 32, raw, 32);
    memcpy(fields + 96, raw + 32, 32);
    return 0;
}

int SDF_InternalPrivateKeyOperation_RSA(session *open, unsigned int key, const byte *block, unsigned int length, byte *value, unsigned int *size) {
    char path[4000], file[4096];
    int code = may_sign(open, key, path, sizeof path);
    if (code) return code;
    snprintf(file, sizeof file, "%s/key.pem", path);
    *size = rsa_sign(file, RSA_BARE, block, length, value, *size);
    return *size ? 0 : SIGNATURE;
}
