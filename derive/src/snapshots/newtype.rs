#[automatically_derived]
impl ::fieldseal::Value for Email {
    const KIND: ::fieldseal::value::Kind = <String as ::fieldseal::Value>::KIND;
    fn encode(
        &self,
    ) -> ::core::result::Result<
        ::fieldseal::value::Encoded<'_>,
        &'static ::core::primitive::str,
    > {
        <String as ::fieldseal::Value>::encode(&self.0)
    }
    fn decode(
        __bytes: ::fieldseal::__private::Zeroizing<
            ::std::vec::Vec<::core::primitive::u8>,
        >,
    ) -> ::core::result::Result<Self, ::fieldseal::value::Malformed> {
        <String as ::fieldseal::Value>::decode(__bytes).map(Self)
    }
    fn from_plaintext(
        __stored: ::fieldseal::value::StoredValue<'_>,
    ) -> ::core::option::Option<Self> {
        <String as ::fieldseal::Value>::from_plaintext(__stored).map(Self)
    }
}
