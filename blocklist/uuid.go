package blocklist

import "github.com/snowman-ml/snowman/internal/uuid"

// namespace is the UUID of this module's address. Identifiers of entries are named below it, so
// that an entry has the same one in every list.
var namespace = uuid.Of(uuid.URLs, "https://github.com/snowman-ml/snowman")

// appendUUID appends the identifier of a thing: what it is of, and its name.
func appendUUID(out []byte, of, name string) []byte {
	return uuid.Of(namespace, of+" "+name).Append(out)
}
