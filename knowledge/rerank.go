package knowledge

import "context"

// Reranker judges how well texts answer a question by reading both at once, which is
// slower and often better than comparing what was made of each beforehand.
// Implementations are safe for concurrent use.
type Reranker interface {
	// Rerank returns one finite number per text, in order; the greater, the better the
	// text fits. Only the numbers of one call can be compared.
	Rerank(ctx context.Context, query string, texts []string) ([]float64, error)
	// Name names the model.
	Name() string
}
