#include "models/checkpoint/safetensors.h"

#include <gtest/gtest.h>

#include "tests/models/checkpoint/small_checkpoint.h"

namespace moe {
namespace {

std::string length_of(std::uint64_t value) {
  std::string out(sizeof(value), '\0');
  for (char& byte : out) {
    byte = static_cast<char>(value);
    value >>= 8U;
  }
  return out;
}

/// A file with this header, whatever it says, and so many bytes behind it.
std::string raw(const std::string& header, std::size_t data_bytes) {
  return length_of(header.size()) + header + std::string(data_bytes, 'x');
}

Json entry(const char* dtype, const Json& shape, const Json& begin, const Json& end) {
  return {{"dtype", dtype}, {"shape", shape}, {"data_offsets", Json::array({begin, end})}};
}

/// The Error's message, which must name the file.
std::string refusal_of(const std::string& contents) {
  const TemporaryFolder folder;
  const auto file = folder.write("model.safetensors", contents);
  const std::string message = message_of<Error>([&] { const Safetensors opened(file); });
  EXPECT_TRUE(message.empty() || has(message, file.string())) << message;
  return message;
}

std::string refusal_of(const Json& header, std::size_t data_bytes) {
  return refusal_of(raw(header.dump(), data_bytes));
}

TEST(safetensors, what_is_written_is_read) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "model.safetensors";
  const std::vector<OwnedTensor> tensors = {{"a", "0123456789ab", DType::f32, {3}},
                                            {"b", "0123", DType::f16, {1, 2}},
                                            {"c", "", DType::bf16, {0, 5}},
                                            {"d", "abcd", DType::bf16, {2}},
                                            {"scalar", "wxyz", DType::f32, {}}};
  write_tensors(file, tensors);
  const Safetensors opened(file);
  EXPECT_EQ(opened.tensors().size(), tensors.size());
  for (const OwnedTensor& tensor : tensors) {
    const WeightView view = opened.view(tensor.name);
    EXPECT_EQ(text_of(view.bytes), tensor.bytes) << tensor.name;
    EXPECT_EQ(view.format, format_of(tensor.dtype)) << tensor.name;
    EXPECT_EQ(view.shape, tensor.shape) << tensor.name;
  }
}

TEST(safetensors, views_lie_in_the_mapped_file) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "model.safetensors";
  write_tensors(file, small_tensors(small_config()));
  const Safetensors opened(file);
  const auto& [first, about] = *opened.tensors().begin();
  const std::byte* data = opened.view(first).bytes.data() - about.begin;
  for (const auto& [name, tensor] : opened.tensors()) {
    EXPECT_EQ(opened.view(name).bytes.data(), data + tensor.begin) << name;
    EXPECT_EQ(opened.bytes(name).data(), data + tensor.begin) << name;
  }
  const std::string before = text_of(opened.view(first).bytes);
  opened.release();
  EXPECT_EQ(text_of(opened.view(first).bytes), before);
}

TEST(safetensors, metadata_is_no_tensor) {
  EXPECT_EQ(refusal_of({{"__metadata__", {{"format", "pt"}}}, {"a", entry("F32", {1}, 0, 4)}}, 4),
            "");
}

TEST(safetensors, files_too_short_for_their_header_are_refused) {
  EXPECT_TRUE(has(refusal_of(""), "0 bytes"));
  EXPECT_TRUE(has(refusal_of("1234567"), "7 bytes"));
  const std::string header = Json{{"a", entry("F32", {1}, 0, 4)}}.dump();
  EXPECT_TRUE(has(refusal_of(length_of(1000) + header), "1000"));
  for (const std::uint64_t length : {std::uint64_t{1} << 40U, ~std::uint64_t{0}})
    EXPECT_TRUE(has(refusal_of(length_of(length) + header), "header claims"));
}

TEST(safetensors, headers_that_are_no_json_object_are_refused) {
  for (const char* header : {"", "{", "[]", "7", "{\"a\": }", "{} {}", "\xFF"})
    EXPECT_TRUE(has(refusal_of(raw(header, 0)), "header")) << header;
  EXPECT_TRUE(has(refusal_of(raw(std::string(100'000, '['), 0)), "deep"));
}

TEST(safetensors, a_file_cut_short_is_refused) {
  const std::string whole = raw(Json{{"a", entry("F32", {4}, 0, 16)}}.dump(), 16);
  EXPECT_EQ(refusal_of(whole), "");
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_NE(refusal_of(whole.substr(0, size)), "") << size;
  EXPECT_TRUE(has(refusal_of(whole + "x"), "16 of 17"));
}

TEST(safetensors, offsets_beyond_the_file_or_backwards_are_refused) {
  for (const auto& [begin, end] : {std::pair<Json, Json>{0, 8},
                                   {4, 0},
                                   {-4, 0},
                                   {1U << 31U, (1U << 31U) + 4},
                                   {"0", 4},
                                   {0.0, 4},
                                   {nullptr, 4},
                                   {~std::uint64_t{0} - 3, ~std::uint64_t{0}}}) {
    const std::string message = refusal_of({{"the.tensor", entry("F32", {1}, begin, end)}}, 4);
    EXPECT_TRUE(has(message, "the.tensor")) << begin << ", " << end << ": " << message;
  }
}

TEST(safetensors, tensors_that_overlap_or_leave_gaps_are_refused) {
  const auto two = [](int begin, int end) {
    return Json{{"a", entry("F32", {1}, 0, 4)}, {"b", entry("F32", {1}, begin, end)}};
  };
  EXPECT_EQ(refusal_of(two(4, 8), 8), "");
  EXPECT_TRUE(has(refusal_of(two(2, 6), 6), "overlaps"));
  EXPECT_TRUE(has(refusal_of(two(0, 4), 4), "overlaps"));
  EXPECT_TRUE(has(refusal_of(two(5, 9), 9), "belong to no tensor"));
}

TEST(safetensors, shapes_that_are_no_shapes_or_no_so_many_bytes_are_refused) {
  for (const Json& shape :
       {Json::array({2}), Json::array({1, -1}), Json::array({1.5}), Json::array({"1"}), Json(1),
        Json(nullptr), Json(std::vector<int>(1, 0)), Json::array({std::uint64_t{1} << 62U, 4}),
        Json::array({~std::uint64_t{0}}),
        Json::array({std::uint64_t{1} << 32U, std::uint64_t{1} << 32U}),
        Json(std::vector<int>(9, 1))}) {
    const std::string message = refusal_of({{"the.tensor", entry("F32", shape, 0, 4)}}, 4);
    EXPECT_TRUE(has(message, "the.tensor")) << shape << ": " << message;
  }
}

TEST(safetensors, dtypes_are_known_and_those_of_weights_are_viewed) {
  EXPECT_TRUE(has(refusal_of({{"a", entry("F7", {1}, 0, 4)}}, 4), "F7"));
  const TemporaryFolder folder;
  const auto file =
      folder.write("model.safetensors", raw(Json{{"ids", entry("I64", {1}, 0, 8)}}.dump(), 8));
  const Safetensors opened(file);
  EXPECT_EQ(text_of(opened.bytes("ids")), "xxxxxxxx");
  const std::string message = message_of<Error>([&] { opened.view("ids"); });
  EXPECT_TRUE(has(message, "I64") && has(message, "ids") && has(message, file.string())) << message;
  EXPECT_TRUE(has(message_of<Error>([&] { opened.view("absent"); }), "absent"));
}

TEST(safetensors, members_that_are_missing_or_of_another_type_are_refused) {
  for (const char* member : {"dtype", "shape", "data_offsets"}) {
    for (const Json& bad : {Json(nullptr), Json(7), Json("?"), Json::object()}) {
      Json header = {{"the.tensor", entry("F32", {1}, 0, 4)}};
      header["the.tensor"][member] = bad;
      EXPECT_TRUE(has(refusal_of(header, 4), "the.tensor")) << member << " " << bad;
      header["the.tensor"].erase(member);
      EXPECT_TRUE(has(refusal_of(header, 4), member));
    }
  }
  EXPECT_TRUE(has(refusal_of({{"the.tensor", 7}}, 0), "the.tensor"));
}

TEST(safetensors, what_is_no_file_is_refused) {
  const TemporaryFolder folder;
  for (const auto& path : {folder.path(), folder.path() / "absent"}) {
    const std::string message = message_of<Error>([&] { const Safetensors opened(path); });
    EXPECT_TRUE(has(message, path.string())) << message;
  }
}

}  // namespace
}  // namespace moe
