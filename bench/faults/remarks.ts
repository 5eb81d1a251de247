/** Why a figure is what it is, where the figure alone does not say it. */
export const REMARKS: Readonly<Record<string, string>> = {};
