-- +goose Up
-- A day that staff set for a document as a whole, such as a PDF or a page, which reading
-- it again leaves alone. review_by is the first of it and its entries'.
ALTER TABLE documents ADD COLUMN own_review_by date;
ALTER TABLE deleted_documents ADD COLUMN own_review_by date;

-- +goose Down
UPDATE documents d SET review_by = (SELECT min(p.review_by) FROM passages p WHERE p.document_id = d.id) WHERE d.own_review_by IS NOT NULL;
ALTER TABLE deleted_documents DROP COLUMN own_review_by;
ALTER TABLE documents DROP COLUMN own_review_by;
