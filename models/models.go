// Package models is the model that comes with Snowman, embedded, and its card: MODEL_CARD.md says
// what it was trained on, what was measured of it, and how to make it again.
package models

import _ "embed"

// Default is the shipped model, a safetensors file. It must not change: models that were read from
// it share its memory.
//
//go:embed snowman.safetensors
var Default []byte

// Card is the shipped model's card, in Markdown.
//
//go:embed MODEL_CARD.md
var Card string

// Recipe is the recipe of the shipped model, which dataset.ParseRecipe reads.
//
//go:embed recipe.json
var Recipe []byte
