#include "mapping/rules/permission.hpp"

#include "mapping/rejection.hpp"
#include "mapping/rules/locks.hpp"
#include "mapping/rules/validity.hpp"

namespace statusfs {
namespace {

// A key that nobody knows and that was not there before is a mistake in the patch, not an attempt on something
// protected; that is told apart later, when validity is judged.
bool is_new_unknown(const FieldChange& change) { return !change.field && !change.before; }

// More entries, or a list in which there will be some.
bool is_growth(const FieldChange& change) {
  if (change.is_append()) return true;
  const bool was_absent = !change.before || change.before->is_null();
  return was_absent && change.after && change.after->is_array() && change.after->size() == 0;
}

}  // namespace

void refuse_read_only(const StatusDocument& document, const FieldChange& change) {
  const std::string where = file_pointer(document, change).text();
  if (change.field && change.field->type == FieldType::log && change.field->access == Access::append_only)
    throw Rejection(Cause::not_permitted, where + " is append-only; new entries come behind those that are there");
  if (change.field)
    throw Rejection(Cause::not_permitted,
                    where + " is read-only and must stay " + (change.before ? shown(*change.before) : "absent"));
  throw Rejection(Cause::not_permitted, where + " is not known to the mapping and is read-only; it must stay " +
                                            (change.before ? shown(*change.before) : "absent"));
}

bool is_writable(const StatusDocument& document, const FieldChange& change) {
  if (!change.field) return is_lock_change(document, change);
  if (change.field->access == Access::append_only) return is_growth(change);
  return change.field->access == Access::read_write;
}

void require_permitted(const StatusDocument& document, const ChangeSet& changes, const std::string& overridden_task) {
  for (const FieldChange& change : changes.fields)
    if (!is_writable(document, change) && !is_new_unknown(change)) refuse_read_only(document, change);
  require_unlocked(document, changes, overridden_task);
}

}  // namespace statusfs
