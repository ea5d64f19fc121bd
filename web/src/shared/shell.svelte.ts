/** What a page asks the shell to show in the bar above it. */

export interface Crumb {
  readonly text: string;
  readonly href?: string;
}

export const shell = $state<{ crumbs: readonly Crumb[]; draft: boolean }>({ crumbs: [], draft: false });

/** Name the way to this page while the calling component is mounted. */
export function useCrumbs(crumbs: () => readonly Crumb[], draft: () => boolean = () => false): void {
  $effect(() => {
    shell.crumbs = crumbs();
    shell.draft = draft();
    return () => {
      shell.crumbs = [];
      shell.draft = false;
    };
  });
}
