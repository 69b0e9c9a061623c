#include "fs/fuse/session.hpp"

#include <stdexcept>

#include "fs/fuse/fuse_library.hpp"
#include "fs/fuse/operations.hpp"

namespace statusfs {
namespace {

struct SessionDeleter {
  void operator()(fuse_session* session) const { fuse_session_destroy(session); }
};
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

}  // namespace

struct Session::Implementation {
  Mount& mount;
  std::unique_ptr<fuse_session, SessionDeleter> session;
  std::optional<unsigned> max_threads;
  bool mounted = false;
};

Session::Session(Mount& mount, const SessionOptions& options)
    : implementation_(std::make_unique<Implementation>(Implementation{mount, nullptr, options.max_threads, false})) {
  Arguments arguments;
  add_options(arguments, options);
  const fuse_lowlevel_ops table = operations();
  implementation_->session.reset(fuse_session_new(arguments.get(), &table, sizeof table, &mount));
  if (!implementation_->session) throw std::runtime_error("the mount options are not accepted by libfuse");
  if (fuse_session_mount(implementation_->session.get(), options.mountpoint.c_str()) != 0)
    throw std::runtime_error("cannot mount on " + options.mountpoint);
  implementation_->mounted = true;
  mount.announcer().set_session(implementation_->session.get(), mount.directory().shows_one_file());
  mount.directory().watch();
}

bool Session::run() {
  fuse_session* session = implementation_->session.get();
  if (fuse_set_signal_handlers(session) != 0) throw std::runtime_error("cannot set signal handlers");
  const std::unique_ptr<fuse_loop_config, LoopConfigDeleter> config(fuse_loop_cfg_create());
  if (implementation_->max_threads) fuse_loop_cfg_set_max_threads(config.get(), *implementation_->max_threads);
  const int result = fuse_session_loop_mt(session, config.get());
  fuse_remove_signal_handlers(session);
  return result >= 0;  // a signal's number is a normal end
}

Session::~Session() {
  Implementation& own = *implementation_;
  // Every write that was taken is carried out and answered before the connection goes.
  own.mount.close();
  if (own.mounted) fuse_session_unmount(own.session.get());
}

}  // namespace statusfs
