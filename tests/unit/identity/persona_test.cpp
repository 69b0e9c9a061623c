#include "fs/identity/persona.hpp"

#include <gtest/gtest.h>

#include <string>

namespace statusfs {
namespace {

TEST(Persona, IsOnePrintableLine) {
  for (const std::string& text : {std::string("A"), std::string("CODING_ASSISTANT"), std::string("Otto the reviewer"),
                                  std::string("\u00dcn\u00efcode \U0001f602"), std::string(128, 'x')}) {
    EXPECT_TRUE(is_persona(text)) << text;
  }
}

TEST(Persona, IsNothingElse) {
  for (const std::string& text :
       {std::string(), std::string("   "), std::string("PLAN "), std::string(" PLAN"), std::string(129, 'x'),
        std::string("a\tb"), std::string("a\n"), std::string("\x7f"), std::string(1, '\0'), std::string("\x1b[31mred"),
        std::string("\u0085"), std::string("a\u2028b"), std::string("\u2029"), std::string("\xc3"),
        std::string("\xc0\x80"), std::string("\xed\xa0\x80"), std::string("\xf4\x90\x80\x80")}) {
    EXPECT_FALSE(is_persona(text)) << text;
  }
}

}  // namespace
}  // namespace statusfs
