// What statusfs tells the service manager that started it (systemd, Type=notify). Without one, nothing happens.
#pragma once

#include <string>

namespace statusfs {

/// The mount answers; also after a reload. `status` is one line for `systemctl status`.
void report_service_ready(const std::string& status) noexcept;
void report_service_reloading() noexcept;
void report_service_stopping() noexcept;

}  // namespace statusfs
