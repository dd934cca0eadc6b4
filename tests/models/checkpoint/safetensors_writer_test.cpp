#include "models/checkpoint/safetensors_writer.h"

#include <gtest/gtest.h>

#include "tests/models/checkpoint/small_checkpoint.h"

namespace moe {
namespace {

class Writer : public testing::Test {
 protected:
  SavedTensor tensor(const std::string& name, std::vector<std::int64_t> shape) const {
    return {name, StorageFormat::f16, std::move(shape), std::as_bytes(std::span(bytes_))};
  }
  std::string refusal_of(const std::vector<SavedTensor>& tensors) const {
    return message_of<Error>([&] { write_safetensors(file_, tensors, {}); });
  }

  TemporaryFolder folder_;
  std::filesystem::path file_ = folder_.path() / "a.safetensors";
  std::string bytes_ = "0123456789ab";
};

TEST_F(Writer, header_is_in_the_order_of_names_and_padded_to_eight_bytes) {
  write_safetensors(file_, std::vector{tensor("b", {2, 3}), tensor("a", {6})},
                    {{"format", "pt"}, {"step", "7"}});
  const std::string text = text_of(file_);
  const std::string header = R"({"__metadata__":{"format":"pt","step":"7"},)"
                             R"("a":{"dtype":"F16","shape":[6],"data_offsets":[0,12]},)"
                             R"("b":{"dtype":"F16","shape":[2,3],"data_offsets":[12,24]}})";
  const std::size_t padded = (header.size() + 7) / 8 * 8;
  EXPECT_EQ(static_cast<unsigned char>(text[0]), padded);
  EXPECT_EQ(text.substr(8, padded), header + std::string(padded - header.size(), ' '));
  EXPECT_EQ(text.substr(8 + padded), bytes_ + bytes_);
}

TEST_F(Writer, a_file_without_tensors_is_one) {
  write_safetensors(file_, {}, {});
  EXPECT_TRUE(Safetensors(file_).tensors().empty());
}

TEST_F(Writer, the_same_tensors_give_the_same_bytes_in_any_order) {
  write_safetensors(file_, std::vector{tensor("b", {6}), tensor("a", {6})}, {});
  const std::string one = text_of(file_);
  write_safetensors(file_, std::vector{tensor("a", {6}), tensor("b", {6})}, {});
  EXPECT_EQ(text_of(file_), one);
}

TEST_F(Writer, what_is_no_file_of_tensors_is_refused_and_not_written) {
  EXPECT_TRUE(has(refusal_of({tensor("a", {6}), tensor("a", {6})}), "two tensors are called a"));
  EXPECT_TRUE(has(refusal_of({tensor("the.tensor", {7})}), "the.tensor: 12 bytes; shape [7]"));
  EXPECT_TRUE(has(refusal_of({tensor("__metadata__", {6})}), "__metadata__"));
  EXPECT_TRUE(has(refusal_of({tensor("", {6})}), file_.string()));
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
}

}  // namespace
}  // namespace moe
