# The messages of etcd.proto, as protoc makes them, and therefore without our warnings.
add_library(statusfs_etcd_protocol STATIC fs/store/etcd/etcd.proto)
protobuf_generate(TARGET statusfs_etcd_protocol PROTOC_OUT_DIR ${CMAKE_BINARY_DIR}/protocol)
target_include_directories(statusfs_etcd_protocol SYSTEM PUBLIC ${CMAKE_BINARY_DIR}/protocol)
target_link_libraries(statusfs_etcd_protocol PUBLIC protobuf::libprotobuf-lite PRIVATE statusfs_options)
target_compile_options(statusfs_etcd_protocol PRIVATE -w)
set_target_properties(statusfs_etcd_protocol PROPERTIES UNITY_BUILD OFF)
