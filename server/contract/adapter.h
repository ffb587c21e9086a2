// RapidJSON's values as valijson wants to see them. Its own adapter makes a double of every number it compares.
//
// What is seen must stay: nothing is copied, not even what "const" and "enum" name.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "rapidjson/document.h"
#include "server/contract/numbers.h"
#define VALIJSON_USE_EXCEPTIONS 1  // without it a schema that it cannot read ends the process
#include "valijson/exceptions.hpp"
#include "valijson/internal/adapter.hpp"
#include "valijson/internal/basic_adapter.hpp"
#include "valijson/internal/frozen_value.hpp"

namespace tokenbroker::contract {

class JsonAdapter;
using JsonMember = std::pair<std::string, JsonAdapter>;

class JsonArray {
 public:
  class const_iterator {
   public:
    explicit const_iterator(const rapidjson::Value* at) : at_(at) {}
    JsonAdapter operator*() const;
    valijson::adapters::DerefProxy<JsonAdapter> operator->() const;
    bool operator==(const const_iterator& other) const { return at_ == other.at_; }
    bool operator!=(const const_iterator& other) const { return at_ != other.at_; }
    const_iterator& operator++() { return advance(1), *this; }
    const_iterator& operator--() { return advance(-1), *this; }
    const_iterator operator++(int) { return const_iterator(std::exchange(at_, at_ + 1)); }
    void advance(std::ptrdiff_t places) { at_ += places; }

   private:
    const rapidjson::Value* at_;
  };

  JsonArray() = default;
  explicit JsonArray(const rapidjson::Value& value) : begin_(value.Begin()), end_(value.End()) {}
  const_iterator begin() const { return const_iterator(begin_); }
  const_iterator end() const { return const_iterator(end_); }
  size_t size() const { return static_cast<size_t>(end_ - begin_); }

 private:
  const rapidjson::Value* begin_ = nullptr;
  const rapidjson::Value* end_ = nullptr;
};

class JsonObject {
 public:
  class const_iterator {
   public:
    explicit const_iterator(rapidjson::Value::ConstMemberIterator at) : at_(at) {}
    JsonMember operator*() const;
    valijson::adapters::DerefProxy<JsonMember> operator->() const;
    bool operator==(const const_iterator& other) const { return at_ == other.at_; }
    bool operator!=(const const_iterator& other) const { return at_ != other.at_; }
    const_iterator& operator++() { return ++at_, *this; }

   private:
    rapidjson::Value::ConstMemberIterator at_;
  };

  JsonObject() = default;
  explicit JsonObject(const rapidjson::Value& value) : value_(&value) {}
  const_iterator begin() const { return const_iterator(value_ ? value_->MemberBegin() : None()); }
  const_iterator end() const { return const_iterator(value_ ? value_->MemberEnd() : None()); }
  size_t size() const { return value_ ? value_->MemberCount() : 0; }

  const_iterator find(const std::string& name) const {
    if (value_ == nullptr) return end();
    const auto length = static_cast<rapidjson::SizeType>(name.size());
    return const_iterator(value_->FindMember(rapidjson::Value(rapidjson::StringRef(name.data(), length))));
  }

 private:
  static rapidjson::Value::ConstMemberIterator None() { return {}; }

  const rapidjson::Value* value_ = nullptr;
};

class JsonValue {
 public:
  JsonValue() : value_(nullptr) {}
  explicit JsonValue(const rapidjson::Value& value) : value_(&value) {}
  const rapidjson::Value& get() const {
    static const rapidjson::Value* const nothing = new rapidjson::Value(rapidjson::kObjectType);
    return value_ ? *value_ : *nothing;
  }

  valijson::adapters::FrozenValue* freeze() const;
  static bool hasStrictTypes() { return true; }

  bool isArray() const { return get().IsArray(); }
  bool isBool() const { return get().IsBool(); }
  bool isDouble() const { return get().IsDouble() && !IsInteger(get()); }
  bool isInteger() const { return IsInteger(get()); }
  bool isNull() const { return get().IsNull(); }
  bool isNumber() const { return get().IsNumber(); }
  bool isObject() const { return get().IsObject(); }
  bool isString() const { return get().IsString(); }

  std::optional<JsonArray> getArrayOptional() const {
    return isArray() ? std::make_optional(JsonArray(get())) : std::optional<JsonArray>();
  }
  std::optional<JsonObject> getObjectOptional() const {
    return isObject() ? std::make_optional(JsonObject(get())) : std::optional<JsonObject>();
  }
  bool getArraySize(size_t& size) const { return isArray() && (size = get().Size(), true); }
  bool getObjectSize(size_t& size) const { return isObject() && (size = get().MemberCount(), true); }
  bool getBool(bool& result) const { return isBool() && (result = get().GetBool(), true); }
  bool getDouble(double& result) const { return isDouble() && (result = get().GetDouble(), true); }
  // Of what is beyond an int64, the nearest: for "maxLength" and its like, no count gets there.
  bool getInteger(int64_t& result) const {
    if (!isInteger()) return false;
    constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();
    constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
    result = static_cast<int64_t>(std::clamp<Number>(NumberOf(get()), kLeast, kMost));
    return true;
  }
  bool getString(std::string& result) const {
    return isString() && (result.assign(get().GetString(), get().GetStringLength()), true);
  }

 private:
  const rapidjson::Value* value_;
};

class JsonAdapter final
    : public valijson::adapters::BasicAdapter<JsonAdapter, JsonArray, JsonMember, JsonObject, JsonValue> {
 public:
  JsonAdapter() = default;
  explicit JsonAdapter(const rapidjson::Value& value) : BasicAdapter(JsonValue(value)), value_(value) {}

  const rapidjson::Value& value() const { return value_.get(); }

  bool equalTo(const Adapter& other, bool /*strict*/) const override { return IsSame(value(), ValueOf(other)); }

  // Of any adapter here, for all of them are of this class.
  static const rapidjson::Value& ValueOf(const Adapter& adapter) {
    return static_cast<const JsonAdapter&>(adapter).value();
  }

 private:
  JsonValue value_;
};

class FrozenJson final : public valijson::adapters::FrozenValue {
 public:
  explicit FrozenJson(const rapidjson::Value& value) : value_(value) {}
  FrozenValue* clone() const override { return new FrozenJson(value_); }
  bool equalTo(const valijson::adapters::Adapter& other, bool /*strict*/) const override {
    return IsSame(value_, JsonAdapter::ValueOf(other));
  }

 private:
  const rapidjson::Value& value_;
};

inline valijson::adapters::FrozenValue* JsonValue::freeze() const { return new FrozenJson(get()); }

inline JsonAdapter JsonArray::const_iterator::operator*() const { return JsonAdapter(*at_); }
inline valijson::adapters::DerefProxy<JsonAdapter> JsonArray::const_iterator::operator->() const {
  return valijson::adapters::DerefProxy<JsonAdapter>(**this);
}
inline JsonMember JsonObject::const_iterator::operator*() const {
  return {std::string(at_->name.GetString(), at_->name.GetStringLength()), JsonAdapter(at_->value)};
}
inline valijson::adapters::DerefProxy<JsonMember> JsonObject::const_iterator::operator->() const {
  return valijson::adapters::DerefProxy<JsonMember>(**this);
}

}  // namespace tokenbroker::contract

template <>
struct valijson::adapters::AdapterTraits<tokenbroker::contract::JsonAdapter> {
  using DocumentType = rapidjson::Document;
  static std::string adapterName() { return "JsonAdapter"; }
};
