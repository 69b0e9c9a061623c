#include "fs/cli/service_manager.hpp"

#include <systemd/sd-daemon.h>

namespace statusfs {

// A manager that cannot be told will find out by its time limit; the mount serves all the same.
void report_service_ready(const std::string& status) noexcept { sd_notifyf(0, "READY=1\nSTATUS=%s", status.c_str()); }

void report_service_reloading() noexcept { sd_notify(0, "RELOADING=1"); }

void report_service_stopping() noexcept { sd_notify(0, "STOPPING=1"); }

}  // namespace statusfs
