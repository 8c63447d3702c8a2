// What Sphinx's search page has before book/_static/search.js is read.
declare const SEARCH_TEXTS: Record<string, [anchor: string, title: string, text: string][]>;
declare const DOCUMENTATION_OPTIONS: { LINK_SUFFIX: string };
type Result = [page: string, title: string, anchor: string, description: string | null];
declare const Search: {
  output: HTMLElement;
  query(query: string): void;
  _parseQuery(query: string): [string, Set<string>, Set<string>, Set<string>, Set<string>];
  _performSearch(...parsed: unknown[]): Result[];
};
declare function _finishSearch(count: number): void;
