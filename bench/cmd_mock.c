#include "bench/command.h"

#include "mockserver/daemon.h"

int bench_cmd_mock(int argc, char **argv, const char *version)
{
    (void)version;
    return mock_daemon_main(argc, argv);
}
