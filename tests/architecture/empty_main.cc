// Linked with the whole of one library and only what that library may use:
// anything it reaches beyond is an undefined symbol.
int main() { return 0; }
