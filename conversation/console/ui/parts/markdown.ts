// The widget's own Markdown, so that staff see what customers see.
import { layout } from 'widget/blocks';
import { inline } from 'widget/markdown';

export const markdown = layout({ inline });
