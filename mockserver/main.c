#include "mockserver/daemon.h"

int main(int argc, char **argv)
{
    return mock_daemon_main(argc, argv);
}
