type Child = Node | string | undefined;
type Props<E> = { readonly [K in keyof E]?: E[K] } & { readonly data?: Readonly<Record<string, string>> };

/** An element with properties and children. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props<HTMLElementTagNameMap[K]> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  const { data, ...rest } = props;
  Object.assign(element, rest);
  Object.assign(element.dataset, data ?? {});
  element.append(...children.filter((child) => child !== undefined));
  return element;
}

/** An element of the page by its id. */
export function byId(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`The page has no element ${id}`);
  return element;
}
