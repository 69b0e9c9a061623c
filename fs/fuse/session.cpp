#include "fs/fuse/session.hpp"

#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <new>
#include <stdexcept>
#include <system_error>

#include "fs/fuse/fuse_library.hpp"
#include "fs/fuse/operations.hpp"

namespace statusfs {
namespace {

struct LoopConfigDeleter {
  void operator()(fuse_loop_config* config) const { fuse_loop_cfg_destroy(config); }
};

// libfuse's own argument list, freed with its owner.
class Arguments {
 public:
  Arguments() { add("statusfs"); }
  ~Arguments() { fuse_opt_free_args(&arguments_); }
  Arguments(const Arguments&) = delete;
  Arguments& operator=(const Arguments&) = delete;
  void add(const std::string& argument) {
    if (fuse_opt_add_arg(&arguments_, argument.c_str()) != 0) throw std::bad_alloc();
  }
  fuse_args* get() { return &arguments_; }

 private:
  fuse_args arguments_ = FUSE_ARGS_INIT(0, nullptr);
};

// A comma in a value would start another option.
std::string escaped(const std::string& value) {
  std::string result;
  for (const char byte : value) {
    if (byte == ',' || byte == '\\') result += '\\';
    result += byte;
  }
  return result;
}

void add_options(Arguments& arguments, const SessionOptions& options) {
  arguments.add("-ofsname=" + escaped(options.source) + ",subtype=statusfs");
  for (const std::string& option : options.kernel_options) arguments.add("-o" + option);
  if (options.debug) arguments.add("-d");
}

// A request that is just being read when the mount is taken away ends the reading with ECONNABORTED. libfuse takes only
// ENODEV for an end: it would report a failure, by perror(3) in a thread that it cancels meanwhile, which may leave
// standard error locked for ever, so that the process never ends. Not noexcept: a thread is cancelled in here.
ssize_t read_request(int device, void* buffer, std::size_t size, void*) {
  const ssize_t result = ::read(device, buffer, size);
  if (result < 0 && errno == ECONNABORTED) errno = ENODEV;
  return result;
}

ssize_t write_answer(int device, iovec* parts, int count, void*) { return ::writev(device, parts, count); }

constexpr fuse_custom_io device_io{write_answer, read_request, nullptr, nullptr};

}  // namespace

struct Session::Implementation {
  struct Deleter {
    void operator()(fuse_session* session) const { fuse_session_destroy(session); }
  };
  explicit Implementation(Mount& served) : mount(served) {}
  // Every write that was taken is carried out and answered before the connection goes.
  ~Implementation() {
    if (!mounted) return;
    mount.close();
    fuse_session_unmount(session.get());
  }

  Mount& mount;
  std::unique_ptr<fuse_session, Deleter> session;
  std::optional<unsigned> max_threads;
  bool mounted = false;
};

Session::Session(Mount& mount, const SessionOptions& options)
    : implementation_(std::make_unique<Implementation>(mount)) {
  implementation_->max_threads = options.max_threads;
  Arguments arguments;
  add_options(arguments, options);
  const fuse_lowlevel_ops table = operations();
  implementation_->session.reset(fuse_session_new(arguments.get(), &table, sizeof table, &mount));
  fuse_session* session = implementation_->session.get();
  if (session == nullptr) throw std::runtime_error("the mount options are not accepted by libfuse");
  if (fuse_session_mount(session, options.mountpoint.c_str()) != 0)
    throw std::runtime_error("cannot mount on " + options.mountpoint);
  implementation_->mounted = true;
  if (fuse_session_custom_io(session, &device_io, fuse_session_fd(session)) != 0) throw std::bad_alloc();
  mount.announcer().set_session(session, mount.directory().shows_one_file());
  mount.directory().watch();
}

void Session::run(const std::function<void()>& on_signals_handled) {
  fuse_session* session = implementation_->session.get();
  if (fuse_set_signal_handlers(session) != 0) throw std::runtime_error("cannot set signal handlers");
  on_signals_handled();
  const std::unique_ptr<fuse_loop_config, LoopConfigDeleter> config(fuse_loop_cfg_create());
  if (implementation_->max_threads) fuse_loop_cfg_set_max_threads(config.get(), *implementation_->max_threads);
  const int result = fuse_session_loop_mt(session, config.get());
  fuse_remove_signal_handlers(session);
  const bool is_failure = result < 0;  // a signal's number is a normal end
  if (is_failure) throw std::system_error(-result, std::generic_category(), "reading requests of the kernel");
}

Session::~Session() = default;

}  // namespace statusfs
